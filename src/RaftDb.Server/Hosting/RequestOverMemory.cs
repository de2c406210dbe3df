using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace RaftDb.Server.Hosting;

/// <summary>One connection to a web server that comes over no network: one request, and its answer.</summary>
internal sealed class RequestOverMemory : IConnectionListenerFactory, IConnectionListener
{
    private readonly Pipe _toServer = new();
    private readonly Pipe _toClient = new();
    private readonly TaskCompletionSource _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _accepted;

    public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 0);

    /// <summary>Sends the request and returns the whole answer as text, once the server has closed the connection.</summary>
    public async Task<string> AskAsync(string request)
    {
        await _toServer.Writer.WriteAsync(Encoding.ASCII.GetBytes(request));
        while (true)
        {
            ReadResult read = await _toClient.Reader.ReadAsync();
            if (read.IsCompleted)
            {
                return Encoding.UTF8.GetString(read.Buffer.ToArray());
            }

            _toClient.Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        EndPoint = endpoint;
        return new(this);
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        if (_accepted)
        {
            await _unbound.Task.WaitAsync(cancellationToken);
            return null;
        }

        _accepted = true;
        Duplex server = new(_toServer.Reader, _toClient.Writer);
        Duplex client = new(_toClient.Reader, _toServer.Writer);
        return new Connection(server, client) { LocalEndPoint = EndPoint, RemoteEndPoint = EndPoint };
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.TrySetResult();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>The server is through with it when it disposes it.</summary>
    private sealed class Connection(IDuplexPipe server, IDuplexPipe client) : DefaultConnectionContext("in memory", server, client)
    {
        public override async ValueTask DisposeAsync()
        {
            await Transport.Input.CompleteAsync();
            await Transport.Output.CompleteAsync();
            await base.DisposeAsync();
        }
    }
}
