using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Digests;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>Compares all voters of a range that this node leads, slice by slice: a mark in the log gives each slice an index at which every replica looks at itself. Who is found wrong (by a majority of
/// at least three, or by SQLite) is quarantined, where enough others are good; everything that is not plainly equal is an alarm.</summary>
internal sealed class RangeChecker(
    NodeId node,
    TroubleBook book,
    SliceService slices,
    IReplicaHost host,
    Func<RangeId, ReplicaId, string, Task> quarantineHere,
    ILogger log)
{
    /// <summary>Little enough to be read in some tens of milliseconds, for an open view holds back checkpoints; enough to be worth a log entry.</summary>
    private const long SliceBytes = 8 << 20;

    /// <summary>What is named when rows differ: a few hundred rows.</summary>
    private const long BucketBytes = 64 << 10;

    private static readonly TimeSpan MarkTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SliceTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FileTimeout = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<RangeId, bool> _incomplete = new();

    /// <summary>Whether the last check of a range from here could not compare everything.</summary>
    public bool WasIncomplete(RangeId range) => _incomplete.GetValueOrDefault(range);

    /// <summary>Checks a range whose leader is here. <paramref name="paceAsync"/> is awaited with each slice's bytes before the next one.</summary>
    public async Task<RangeCheck> CheckAsync(Replica leader, Func<long, Task> paceAsync, CancellationToken cancel)
    {
        RangeDescriptor descriptor = leader.State.Machine.Descriptor;
        List<ReplicaTally> tallies = [.. descriptor.Replicas.Where(r => leader.State.Machine.Configuration.IsVoter(r.Replica)).Select(r => new ReplicaTally(r))];
        try
        {
            // 1. Those that are known to be damaged are not asked.
            foreach (ReplicaTally tally in tallies)
            {
                if (book.Find(descriptor.Id, tally.Replica) is { } trouble)
                {
                    tally.Take(default, SliceAnswer.Failed($"it is not used: {trouble.Reason}"));
                }
            }

            // 2. The rows, slice by slice.
            string? stopped = await CompareAsync(leader, tallies, paceAsync, cancel);

            // 3. The files, which hold more than the rows.
            await AskAllAsync(tallies, t => SliceRequest.ForFile(descriptor.Id.Value, t.Replica.Replica.Value), default, FileTimeout, cancel);

            // 4. Consequences.
            await QuarantineAsync(descriptor.Id, tallies, cancel);
            return Conclude(descriptor.Id, tallies, stopped);
        }
        finally
        {
            tallies.ForEach(t => t.Dispose());
        }
    }

    private async Task<string?> CompareAsync(Replica leader, List<ReplicaTally> tallies, Func<long, Task> paceAsync, CancellationToken cancel)
    {
        ReadOnlyMemory<byte>? from = ReadOnlyMemory<byte>.Empty;
        while (from is { } start)
        {
            cancel.ThrowIfCancellationRequested();
            byte[] mark = CheckMark.Encode(host.LogTime(), leader.State.Machine.Descriptor.Generation);
            ProposalResult marked = await leader.ProposeAsync(mark, AckMode.Quorum, host.Now + MarkTimeout).WaitAsync(cancel);
            if (marked.Status != ProposalStatus.Applied)
            {
                return $"the check could not go on, because its mark was not committed ({marked.Status}); try again";
            }

            ReplicaTally? own = tallies.Find(t => t.Replica.Replica == leader.Id);
            if (own is null)
            {
                return "the check could not go on, because this node does not lead the range any more; try again";
            }

            LogIndex index = marked.Position.Index;
            SliceQuery query = new() { From = start, BucketBytes = BucketBytes, SliceBytes = SliceBytes };
            (SliceDigest? cut, SliceAnswer ownAnswer) = own.IsOut ? (null, SliceAnswer.Sound) : await slices.CutAsync(leader, index, query, cancel);
            own.Take(index, ownAnswer);

            // A leader that can't read its own rows doesn't cut; the others are compared in one piece.
            query = cut is null ? new SliceQuery { From = start, Cuts = [] } : SliceQuery.Like(cut);
            Dictionary<ReplicaTally, SliceAnswer> answers = await AskAllAsync(
                tallies.Where(t => t != own), t => SliceRequest.Of(leader.Range.Value, t.Replica.Replica.Value, index, query), index, SliceTimeout, cancel);
            answers.Add(own, ownAnswer);
            Judge(query, answers);
            from = query.End;
            if (from is not null)
            {
                await paceAsync(SliceBytes);
            }
        }

        return null;
    }

    private async Task<Dictionary<ReplicaTally, SliceAnswer>> AskAllAsync(
        IEnumerable<ReplicaTally> tallies, Func<ReplicaTally, SliceRequest> request, LogIndex mark, TimeSpan timeout, CancellationToken cancel)
    {
        ReplicaTally[] asked = [.. tallies.Where(t => !t.IsOut)];
        SliceAnswer[] answers = await Task.WhenAll(asked.Select(t => AskAsync(t.Replica.Node, request(t), timeout, cancel)));
        Dictionary<ReplicaTally, SliceAnswer> all = [];
        for (int i = 0; i < asked.Length; i++)
        {
            asked[i].Take(mark, answers[i]);
            all.Add(asked[i], answers[i]);
        }

        return all;
    }

    private async Task<SliceAnswer> AskAsync(NodeId to, SliceRequest request, TimeSpan timeout, CancellationToken cancel)
    {
        if (to == node)
        {
            return await slices.LookAsync(request, cancel);
        }

        try
        {
            return SliceAnswer.Decode(await host.Transport.RequestAsync(to, PeerRequestKind.Digest, request.Encode(), timeout, cancel));
        }
        catch (PeerUnreachableException e)
        {
            return SliceAnswer.Failed($"node {to} did not answer: {e.Message}");
        }
    }

    private static void Judge(SliceQuery query, Dictionary<ReplicaTally, SliceAnswer> answers)
    {
        (ReplicaTally Tally, SliceAnswer Answer)[] valid = [.. answers.Where(a => a.Value.Root is not null).Select(a => (a.Key, a.Value))];
        Judgement judgement = Judgement.Of([.. valid.Select(v => (v.Tally.Replica.Replica, v.Answer.Root!))]);
        if (judgement.AllEqual || Mutants.ReplicasNotCompared)
        {
            return;
        }

        SliceAnswer? right = judgement.Right is null ? null : valid.First(v => v.Answer.Root == judgement.Right).Answer;
        foreach ((ReplicaTally tally, SliceAnswer answer) in valid)
        {
            if (right is null)
            {
                tally.Doubt(Intervals(query, i => valid.Any(v => !SameBucket(v.Answer, answer, i))));
            }
            else if (answer.Root != judgement.Right)
            {
                tally.Condemn(Intervals(query, i => !SameBucket(right, answer, i)));
            }
        }
    }

    private static bool SameBucket(SliceAnswer a, SliceAnswer b, int bucket) =>
        bucket < a.Buckets.Count && bucket < b.Buckets.Count && a.Buckets[bucket].AsSpan().SequenceEqual(b.Buckets[bucket]);

    private static IEnumerable<KeyInterval> Intervals(SliceQuery query, Func<int, bool> isMeant)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> cuts = query.Cuts!;
        for (int i = 0; i <= cuts.Count; i++)
        {
            if (isMeant(i))
            {
                ReadOnlyMemory<byte> start = i == 0 ? query.From : cuts[i - 1];
                ReadOnlyMemory<byte>? end = i == cuts.Count ? query.End : cuts[i];
                yield return new(start.IsEmpty ? null : new BinaryText(start), end is { } bounded ? new BinaryText(bounded) : null);
            }
        }
    }

    /// <summary>Wrong answers are worse than none, but a range without a quorum gives none to anybody and can't be repaired: then people must decide.</summary>
    private async Task QuarantineAsync(RangeId range, List<ReplicaTally> tallies, CancellationToken cancel)
    {
        bool enough = tallies.Count(t => t.IsGood) > tallies.Count / 2;
        foreach (ReplicaTally tally in tallies.Where(t => t.IsWrong || t.Damage is not null))
        {
            string why = tally.Damage is { } damage ? $"A check has found its file damaged: {damage}" : $"A check has found that it differs from the majority in {tally.Where()}";
            log.LogError("Range {Range}: replica {Replica} on node {Node}: {Reason}", range, tally.Replica.Replica, tally.Replica.Node, why);
            tally.Consequence = !enough ? "it is not quarantined, because too few others are good" : await QuarantineAsync(range, tally.Replica, why, cancel);
        }
    }

    private async Task<string> QuarantineAsync(RangeId range, ReplicaDescriptor replica, string why, CancellationToken cancel)
    {
        if (replica.Node == node)
        {
            await quarantineHere(range, replica.Replica, why).WaitAsync(cancel);
            return "it is quarantined, and rebuilt from its peers";
        }

        try
        {
            ReadOnlyMemory<byte> order = TroubleItem.Of(new Trouble(range, replica.Replica, why, Rebuild: true)).Encode();
            await host.Transport.RequestAsync(replica.Node, PeerRequestKind.Quarantine, order, SliceTimeout, cancel);
            return "it is quarantined, and rebuilt from its peers";
        }
        catch (PeerUnreachableException e)
        {
            return $"it could not be quarantined: {e.Message}";
        }
    }

    private RangeCheck Conclude(RangeId range, List<ReplicaTally> tallies, string? stopped)
    {
        ReplicaCheck[] replicas = [.. tallies.Select(t => t.ToDocument())];
        bool differs = replicas.Any(r => r.Verdict is CheckVerdicts.Differs or CheckVerdicts.Damaged);
        bool equal = stopped is null && replicas.All(r => r.Verdict == CheckVerdicts.Equal);
        string verdict = differs ? CheckVerdicts.Differs : equal ? CheckVerdicts.Equal : CheckVerdicts.Incomplete;
        string? detail = stopped ?? replicas.FirstOrDefault(r => r.Detail is not null) switch
        {
            { } first => $"replica {first.Replica} on node {first.Node}: {first.Detail}",
            null => null,
        };
        bool isSettled = equal || (stopped is null && tallies.All(t => t.IsGood || t.Consequence is { } done && done.StartsWith("it is quarantined", StringComparison.Ordinal)));
        _incomplete[range] = verdict == CheckVerdicts.Incomplete;
        book.Alarm(range, isSettled ? null : $"the last check was no pass ({verdict}): {detail}.");
        return new(range.Value, verdict, detail, replicas);
    }
}
