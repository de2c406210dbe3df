using RaftDb.Client.Protocol;
using RaftDb.Raft.Log;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;

namespace RaftDb.Tests.Server.Api;

/// <summary>A node of a cluster of one, with one unbounded range.</summary>
internal sealed class FakeNodeView : INodeView
{
    public string? NotReady { get; set; }

    public ValueTask<ClusterStatus> StatusAsync(CancellationToken cancel) => new(new ClusterStatus(
        "c1",
        1,
        "0.1.0",
        [new(1, "127.0.0.1:8101", null, "127.0.0.1:8301", null, true, null, 1, 1, "3.35.5")],
        [new(2, "kv", null, new BinaryText(new byte[] { 0xFF }), 1, 1, 7, 17, [new(1, 1, "leader", null, 17, 17, 0, null)], 100, 3, 1)],
        ["node 2 is down"]));

    public RouteTable Routes() => new("c1", new(1), [new(new(1), "127.0.0.1:8101", null, true)], []);

    public string? WhyNotReady() => NotReady;

    public ValueTask<Outcome<StateDigestAnswer>> DigestAsync(RangeId range, CancellationToken cancel) =>
        new(range.Value == 2
            ? new StateDigestAnswer(new(1), range, new StateDigest(new LogPosition(new(17), new(7)), "00ff", 3))
            : new RequestError(ErrorCode.NotFound, $"There is no range {range} here."));

    public ValueTask<Outcome<CheckDocument>> CheckAsync(RangeId? range, CancellationToken cancel) =>
        new(range is null || range.Value.Value == 2
            ? new CheckDocument(true, [new(2, "equal", null, [new(1, 1, 17, 3, "00ff", "equal", null, [])])])
            : new RequestError(ErrorCode.NotFound, $"There is no range {range}."));

    public ValueTask<RequestError?> MoveAsync(RangeId range, NodeId from, NodeId to, TimeSpan within, CancellationToken cancel) =>
        new(range.Value == 2 ? null : new RequestError(ErrorCode.NotFound, $"There is no range {range}."));

    public ValueTask<Outcome<RangeBackup>> BackupAsync(RangeId range, CancellationToken cancel) =>
        new(new RequestError(ErrorCode.NotFound, $"There is no range {range} here."));
}
