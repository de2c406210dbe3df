using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>Checks ranges wherever their leaders are, one after the other.</summary>
internal sealed class ClusterCheck(NodeId node, RangeMap map, LocalReplicas replicas, RangeChecker checker, ITransport transport, RangeStatusBuilder status, TimeProvider time)
{
    /// <summary>For one range at another node: reading all of it takes a while.</summary>
    private static readonly TimeSpan PeerTimeout = TimeSpan.FromMinutes(30);

    /// <summary>For all ranges together that are between two leaders: several elections. Longer without one is worth telling.</summary>
    private static readonly TimeSpan LeaderPatience = TimeSpan.FromSeconds(5);

    /// <summary>All ranges, or one.</summary>
    public async Task<Outcome<CheckDocument>> CheckAsync(RangeId? only, CancellationToken cancel)
    {
        if (only is { } named && map.Find(named) is null)
        {
            return new RequestError(ErrorCode.NotFound, $"There is no range {named}. See /v1/ranges.");
        }

        Dictionary<ulong, ulong?> leaders = await LeadersAsync(cancel);
        List<RangeCheck> checks = [];
        TimeSpan left = LeaderPatience;
        foreach (RangeDescriptor range in map.All.Where(r => only is null || r.Id == only))
        {
            RangeCheck check = await CheckAtLeaderAsync(range.Id, leaders.GetValueOrDefault(range.Id.Value), cancel);
            Patience patience = new(time);
            while (check.Replicas.Count == 0 && left > TimeSpan.Zero)
            {
                // It is between two leaders, or they changed since we asked. All nodes are asked, so that there is no news to wait for.
                long began = time.GetTimestamp();
                await patience.WaitAsync(known: null, left, cancel);
                leaders = await LeadersAsync(cancel);
                check = await CheckAtLeaderAsync(range.Id, leaders.GetValueOrDefault(range.Id.Value), cancel);
                left -= time.GetElapsedTime(began);
            }

            checks.Add(check);
        }

        return new CheckDocument(checks.All(c => c.Verdict == CheckVerdicts.Equal), checks);
    }

    /// <summary>Serves another node that has a range checked which is led here.</summary>
    public async Task<ReadOnlyMemory<byte>> ServeAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel) =>
        JsonSerializer.SerializeToUtf8Bytes(await CheckHereAsync(new RangeId(JsonSerializer.Deserialize<ulong>(payload.Span)), cancel));

    private async Task<Dictionary<ulong, ulong?>> LeadersAsync(CancellationToken cancel) =>
        (await status.AllAsync(cancel)).ToDictionary(r => r.Id, r => r.Leader);

    private async Task<RangeCheck> CheckAtLeaderAsync(RangeId range, ulong? leader, CancellationToken cancel)
    {
        if (leader is not { } at)
        {
            return Incomplete(range, "it has no leader that this node knows of; see `raftdb status`");
        }

        if (at == node.Value)
        {
            return await CheckHereAsync(range, cancel);
        }

        try
        {
            ReadOnlyMemory<byte> answer = await transport.RequestAsync(new NodeId(at), PeerRequestKind.Check, JsonSerializer.SerializeToUtf8Bytes(range.Value), PeerTimeout, cancel);
            return JsonSerializer.Deserialize<RangeCheck>(answer.Span) ?? Incomplete(range, $"node {at} gave no answer");
        }
        catch (PeerUnreachableException e)
        {
            return Incomplete(range, $"its leader, node {at}, did not answer: {e.Message}");
        }
    }

    private async Task<RangeCheck> CheckHereAsync(RangeId range, CancellationToken cancel) =>
        replicas.FindServing(range) is { Halted: null } replica && replica.Leadership.IsLeader
            ? await checker.CheckAsync(replica, _ => Task.CompletedTask, cancel)
            : Incomplete(range, "its leader has just changed; try again");

    private static RangeCheck Incomplete(RangeId range, string detail) => new(range.Value, CheckVerdicts.Incomplete, detail, []);
}
