using Microsoft.Extensions.Logging;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Transport.Connections;

/// <summary>What comes from a peer, on its way to whom it is for. Called by the task that reads the peer's link (by two of them for the moment that there
/// are two links).</summary>
internal sealed class PeerInbox(
    Peer peer, PendingRequests pending, PeerTransportOptions options, ITransportHandler handler, ILogger log)
{
    private readonly InboundRequests _requests = new(peer, options, handler, log);
    private bool _clockComplained;

    /// <summary>Decodes a frame and hands on what it holds.</summary>
    public void Take(ulong incarnation, Frame frame)
    {
        HybridTimestamp sent;
        switch (frame.Kind)
        {
            case FrameKind.Messages:
                var messages = PeerFrames.DecodeMessages(frame.Payload.Span, out sent);
                Merge(sent);
                handler.OnMessages(peer.Node, messages);
                break;
            case FrameKind.Request:
                var request = PeerFrames.DecodeRequest(frame.Payload.Span, out sent);
                Merge(sent);
                _requests.Accept(incarnation, request);
                break;
            case FrameKind.Response:
                var response = PeerFrames.DecodeResponse(frame.Payload.Span, out sent);
                Merge(sent);
                Complete(response);
                break;
            case FrameKind.Pong:
                PeerFrames.DecodeNumber(frame.Payload.Span);
                break;
            default:
                throw new ProtocolViolationException($"A frame of kind {frame.Kind} has no place after the handshake.");
        }
    }

    /// <summary>The process that asked is gone: nobody waits for what is being answered.</summary>
    public void ForgetAsker() => _requests.Forget();

    private void Complete(IncomingResponse response)
    {
        var request = pending.Remove(response.Id);
        if (response.Answered)
        {
            request?.Complete(response.Payload);
        }
        else
        {
            request?.FailAnswered($"Node {peer.Node} could not answer: {response.Failure}");
        }
    }

    private void Merge(HybridTimestamp sent)
    {
        var refused = peer.Clock.Merge(sent) == ClockMerge.Refused;
        if (refused && !_clockComplained)
        {
            log.LogError(
                "The clock of node {Node} is ahead of this node's by more than is allowed ({Milliseconds} ms since 1970 there): set one of them right.",
                peer.Node.Value, sent.Milliseconds);
        }

        _clockComplained = refused;
    }
}
