using System.Net.Sockets;
using RaftDb.Server.Transport.Handshakes;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport.Handshakes;

/// <summary>A peer made of bare frames, which a test lets do what no peer should.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

    public static async Task<RawPeer> DialAsync(TestNode node)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(node.Listener.EndPoint);
        return new(socket);
    }

    /// <summary>A hello that the node would accept from its peer.</summary>
    public static Hello HelloFrom(TestNode node, ulong from) => new()
    {
        MinVersion = ProtocolVersions.Min,
        MaxVersion = ProtocolVersions.Max,
        Purpose = ConnectionPurpose.Peer,
        Cluster = node.Identity.Cluster,
        Node = new NodeId(from),
        To = node.Id,
        Store = node.Identity.Members.FirstOrDefault(m => m.Node.Value == from)?.Store ?? Guid.NewGuid(),
        Incarnation = 99,
        AgreementHash = new byte[32],
        Http = "h",
        Resp = "r",
        Zone = "z",
        Sqlite = "s",
    };

    /// <summary>Says hello and reads the answer: the node's hello, or its refusal as an exception.</summary>
    public async Task<Hello> GreetAsync(Hello hello)
    {
        await Handshake.SendHelloAsync(Stream, hello, default);
        using FrameReader reader = new(Stream, Handshake.MaxFrameBytes);
        return await Until.DoneAsync(Handshake.ReadAnswerAsync(reader, default).AsTask(), "the answer to a hello");
    }

    /// <summary>Goes through the whole handshake.</summary>
    public async Task ConnectAsync(TestNode node, ulong from)
    {
        await GreetAsync(HelloFrom(node, from));
        await Handshake.SendAsync(Stream, FrameKind.Welcome, default);
        await Until.TrueAsync(() => node.PeerOf(from).Connected, "the node takes the raw peer");
    }

    /// <summary>Waits until the node has closed the connection.</summary>
    public Task ClosedAsync() => Until.DoneAsync(
        Task.Run(async () =>
        {
            var buffer = new byte[4096];
            try
            {
                while (await Stream.ReadAsync(buffer) > 0)
                {
                }
            }
            catch (IOException)
            {
                // A reset closes as well.
            }
        }),
        "the node closes the connection");

    public void Dispose() => Stream.Dispose();
}
