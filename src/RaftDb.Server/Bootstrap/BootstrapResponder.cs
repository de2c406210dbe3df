using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Handshakes;

namespace RaftDb.Server.Bootstrap;

/// <summary>Tells nodes that are still bootstrapping that this one belongs to a cluster: those that promised to join it do so, others learn that
/// they can't.</summary>
internal sealed class BootstrapResponder(NodeIdentity identity, HelloFactory hellos, ILogger log)
{
    private const int MostRemembered = 256;

    private readonly BootstrapStatus _status = new(
        identity.Node,
        new(BootstrapPhase.Committed, identity.Store, identity.Cluster, [.. identity.Members.Select(m => (m.Node, m.Store))]),
        string.Join(',', identity.Members.Select(m => $"{m.Node}={m.Address}")),
        "");

    private readonly ConcurrentDictionary<Guid, byte> _turnedAway = new();

    /// <summary>Serves one connection.</summary>
    public async Task AnswerAsync(IncomingConnection connection)
    {
        using (connection)
        {
            var hello = connection.Hello;
            if (hello.To != identity.Node)
            {
                Refusal refusal = new(RefusalKind.WrongNode,
                    $"Node {hello.Node} dialled node {hello.To}, but this is node {identity.Node} of cluster {identity.Cluster}: the peer addresses in its --cluster are mixed up.");
                await Handshake.RefuseAsync(connection.Stream, refusal, first: true, connection.Deadline);
                return;
            }

            await Handshake.SendHelloAsync(connection.Stream, hellos.For(hello.Node, hello.Purpose), connection.Deadline);
            var theirs = await BootstrapExchange.AnswerAsync(connection, _status);
            if (theirs is { State.Phase: BootstrapPhase.Fresh } && _turnedAway.Count < MostRemembered && _turnedAway.TryAdd(theirs.State.Store, 0))
            {
                log.LogError(
                    "A node with an empty data directory (store {Store}) claims at {Address} to be node {Node} and was turned away: a wiped or new disk can't join under an old id.",
                    theirs.State.Store, connection.RemoteAddress, theirs.Node.Value);
            }
        }
    }
}
