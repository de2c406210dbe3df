using System.Text;
using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Wire;

namespace RaftDb.Server.Transport.Connections;

/// <summary>Answers a peer's requests, off the task that reads its connection: answering may read a disk, and heartbeats must not wait for that.</summary>
internal sealed class InboundRequests(Peer peer, PeerTransportOptions options, ITransportHandler handler, ILogger log)
{
    private CancellationTokenSource _asker = new();
    private int _underWay;

    /// <summary>Begins to answer; returns at once.</summary>
    public void Accept(ulong incarnation, IncomingRequest request)
    {
        if (Interlocked.Increment(ref _underWay) > options.MaxRequestsPerPeer)
        {
            Interlocked.Decrement(ref _underWay);
            Respond(incarnation, Failure(request, $"it works on {options.MaxRequestsPerPeer} requests of this node already"));
            return;
        }

        var asker = Volatile.Read(ref _asker).Token;
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Self.AnswerAsync(state.incarnation, state.request, state.asker),
            (Self: this, incarnation, request, asker),
            preferLocal: false);
    }

    /// <summary>The process that asked is gone: nobody waits for what is under way.</summary>
    public void Forget() => Interlocked.Exchange(ref _asker, new()).Cancel();

    private async Task AnswerAsync(ulong incarnation, IncomingRequest request, CancellationToken asker)
    {
        OutgoingFrame response;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(asker);
            limit.CancelAfter(request.Timeout);
            var answer = await handler.OnRequestAsync(peer.Node, request.Kind, request.Payload, request.Timeout, limit.Token);
            response = answer.Length <= options.MaxFrameBytes - PeerFrames.RequestOverhead
                ? new() { Kind = FrameKind.Response, Id = request.Id, Answered = true, Payload = answer }
                : Failure(request, $"its answer of {answer.Length} bytes is longer than the longest frame");
        }
        catch (OperationCanceledException)
        {
            response = Failure(request, "the time that was given for it is over");
        }
        catch (Exception fault)
        {
            FaultEdge.Take(log, fault, $"Answering a request ({request.Kind}) of node {peer.Node} failed.");
            response = Failure(request, $"{fault.GetType().Name}: {fault.Message}");
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }

        Respond(incarnation, response);
    }

    private void Respond(ulong incarnation, OutgoingFrame response) =>
        peer.Respond(incarnation, response, Failure(response.Id, "too much waits to be sent to the asking node"));

    private static OutgoingFrame Failure(IncomingRequest request, string reason) => Failure(request.Id, reason);

    private static OutgoingFrame Failure(ulong id, string reason) =>
        new() { Kind = FrameKind.Response, Id = id, Answered = false, Payload = Encoding.UTF8.GetBytes(reason) };
}
