using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Watches;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Tests.Server.Api;

/// <summary>Ranges 2 (up to m) and 3 whose pages a test lays out beforehand. After the last one of a range comes the end.</summary>
internal sealed class FakeWatches : IRangeWatches
{
    public Queue<ChangePage> Two { get; } = [];

    public Queue<ChangePage> Three { get; } = [];

    public List<(RangeId Range, ChangeQuery Query)> Reads { get; } = [];

    public RequestError End { get; set; } = new(ErrorCode.Compacted, "The changes are not kept any more.", Index: 77);

    public RequestError? KeepFails { get; set; }

    public TimeSpan RenewEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<RangeId> Overlapping(ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end)
    {
        bool two = start.Span.SequenceCompareTo("m"u8) < 0;
        bool three = end is not { } last || last.Span.SequenceCompareTo("m"u8) > 0;
        return [.. new[] { (two, new RangeId(2)), (three, new RangeId(3)) }.Where(r => r.Item1).Select(r => r.Item2)];
    }

    public ValueTask<Outcome<WriteAnswer>> KeepAsync(RangeId range, Deadline deadline, CancellationToken cancel) => ValueTask.FromResult<Outcome<WriteAnswer>>(
        KeepFails is { } error ? error : new WriteAnswer(new(1), range, new LogPosition(new(10), new(1)), true, null));

    public ValueTask<Outcome<ChangePage>> ReadAsync(RangeId range, ChangeQuery query)
    {
        Reads.Add((range, query));
        if (query.MaxBytes == 0)
        {
            // The look before the answer begins.
            return ValueTask.FromResult<Outcome<ChangePage>>(Two.Count + Three.Count == 0 ? End : new ChangePage([], query.After, null));
        }

        Queue<ChangePage> pages = range.Value == 2 ? Two : Three;
        return ValueTask.FromResult<Outcome<ChangePage>>(pages.TryDequeue(out ChangePage? page) ? page : Two.Count + Three.Count == 0 ? End : new ChangePage([], query.After, null));
    }

    public Task NewsOf(RangeId range) => Task.CompletedTask;

    public static Change Put(ulong index, uint ordinal, string key, string value, ulong version, bool last = true) =>
        new(new LogIndex(index), ordinal, System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(value), version, false, last);

    public static Change Gone(ulong index, string key, bool expired) =>
        new(new LogIndex(index), 0, System.Text.Encoding.UTF8.GetBytes(key), default(ReadOnlyMemory<byte>?), 0, expired, true);
}
