using System.Globalization;
using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Server.Api;

/// <summary>Ranges in memory, cut at given keys: range 2 is the first. One index counts all entries, from 1. Remembers what it was asked, and fails on demand.</summary>
internal sealed class FakeRouter : IRequestRouter
{
    private readonly SortedDictionary<byte[], Row> _rows = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
    private readonly List<RangeDescriptor> _ranges = [];
    private readonly Lock _lock = new();
    private ulong _index;

    public FakeRouter(params string[] splitKeys)
    {
        byte[][] starts = [[], .. splitKeys.Select(Encoding.UTF8.GetBytes)];
        for (int i = 0; i < starts.Length; i++)
        {
            _ranges.Add(new()
            {
                Id = new(2 + (ulong)i),
                Kind = RangeKind.KeyValue,
                Start = starts[i],
                End = i + 1 < starts.Length ? starts[i + 1] : default(ReadOnlyMemory<byte>?),
                Generation = 1,
                Replicas = [new(new(1), new(1))],
            });
        }
    }

    /// <summary>What it answers instead, by range; range 0 stands for all.</summary>
    public Dictionary<ulong, RequestError> Failures { get; } = [];

    /// <summary>Thrown instead of an answer.</summary>
    public Exception? Throws { get; set; }

    /// <summary>When set, answers come only when it is completed or the request is cancelled.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public List<WriteRequest> Writes { get; } = [];

    public List<ScanQuery> Scans { get; } = [];

    public ReadOptions? LastRead { get; private set; }

    public TimeSpan LastTimeout { get; private set; }

    public (RangeId Range, NodeId To)? LastTransfer { get; private set; }

    /// <summary>How many keys it reads at once.</summary>
    public int ManyAtOnce { get; set; } = int.MaxValue;

    public TimeSpan? Staleness { get; set; } = TimeSpan.FromMilliseconds(1.2);

    /// <summary>Completed when a gated request was cancelled.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed when a request waits at the gate.</summary>
    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Deadline DeadlineIn(TimeSpan timeout)
    {
        LastTimeout = timeout;
        return new(new Instant(0) + timeout);
    }

    public SessionId MintSession() => SessionId.Mint(HybridTimestamp.Of(1000, 0), 7);

    public RangeDescriptor RangeOf(ReadOnlySpan<byte> key)
    {
        foreach (RangeDescriptor range in _ranges)
        {
            if (range.Contains(key))
            {
                return range;
            }
        }

        throw new InvalidOperationException("The ranges don't cover the key space.");
    }

    public async ValueTask<Outcome<WriteAnswer>> WriteAsync(WriteRequest request, Deadline deadline, CancellationToken cancel)
    {
        await PassAsync(cancel);
        lock (_lock)
        {
            Writes.Add(request);
            ReadOnlyMemory<byte>[] keys = [.. request.Conditions.Select(c => c.Key), .. request.Then.Concat(request.Else).Select(o => o.Key)];
            RangeDescriptor range = RangeOf(keys[0].Span);
            if (Failure(range.Id) is { } failure)
            {
                return failure;
            }

            if (keys.Any(key => !range.Contains(key.Span)))
            {
                return new RequestError(ErrorCode.CrossRange, "The keys lie in several ranges.");
            }

            LogPosition position = new(new(++_index), new(7));
            CommandResult result = Apply(request);
            return request.Ack switch
            {
                AckMode.Leader => new WriteAnswer(new(1), range.Id, position, false, null),
                AckMode.All => new WriteAnswer(new(1), range.Id, position, true, result, [new(1), new(2)], [new(3)]),
                _ => new WriteAnswer(new(1), range.Id, position, true, result),
            };
        }
    }

    public async ValueTask<Outcome<GetAnswer>> GetAsync(ReadOnlyMemory<byte> key, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        await PassAsync(cancel);
        lock (_lock)
        {
            LastRead = options;
            RangeId range = RangeOf(key.Span).Id;
            return Failure(range) is { } failure
                ? failure
                : new GetAnswer(new(1), range, new(_index), Staleness, _rows.TryGetValue(key.ToArray(), out Row row) ? row : null);
        }
    }

    public async ValueTask<Outcome<ScanAnswer>> ScanAsync(ScanQuery query, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        await PassAsync(cancel);
        lock (_lock)
        {
            LastRead = options;
            Scans.Add(query);
            RangeDescriptor range = query.Reverse ? Before(query.End) : RangeOf(query.Start.Span);
            if (Failure(range.Id) is { } failure)
            {
                return failure;
            }

            IEnumerable<Row> all = _rows.Values.Where(row => range.Contains(row.Key.Span) && row.Key.Span.SequenceCompareTo(query.Start.Span) >= 0
                && (query.End is not { } end || row.Key.Span.SequenceCompareTo(end.Span) < 0));
            Row[] rows = [.. (query.Reverse ? all.Reverse() : all).Take(query.Limit + 1)];
            bool more = rows.Length > query.Limit;
            rows = [.. rows.Take(query.Limit).Select(row => query.KeysOnly ? row with { Value = default } : row)];
            ReadOnlyMemory<byte>? none = null;
            ReadOnlyMemory<byte>? next = more ? (query.Reverse ? rows[^1].Key : new ReadOnlyMemory<byte>([.. rows[^1].Key.Span, 0]))
                : query.Reverse ? (range.Start.Length > 0 && query.Start.Span.SequenceCompareTo(range.Start.Span) < 0 ? range.Start : none)
                : range.End is { } border && (query.End is not { } to || border.Span.SequenceCompareTo(to.Span) < 0) ? border : none;
            return new ScanAnswer(new(1), range.Id, new(_index), Staleness, rows, next);
        }
    }

    /// <summary>What the batches came to that it was asked for: bytes and items.</summary>
    public List<BatchCommand> Batches { get; } = [];

    public HybridTimestamp LogTime => new(1_000_000L << 16);

    public async ValueTask<Outcome<WriteAnswer>> WriteBatchAsync(RangeDescriptor range, BatchWriter items, AckMode ack, Deadline deadline, CancellationToken cancel)
    {
        BatchCommand batch = (BatchCommand)CommandCodec.Decode(items.ToCommand(LogTime, range.Generation));
        await PassAsync(cancel);
        lock (_lock)
        {
            Batches.Add(batch);
            if (Failure(range.Id) is { } failure)
            {
                return failure;
            }

            LogPosition position = new(new(++_index), new(7));
            List<OperationResult> results = [];
            List<ItemResult> done = [];
            if (!batch.Guard.All(Holds))
            {
                return new WriteAnswer(new(1), range.Id, position, true, new(CommandStatus.Done, false, _index, [], Items: []));
            }

            foreach (BatchItem item in batch.Items)
            {
                CommandResult result = Apply(new WriteRequest(item.Conditions, item.Then, item.Else, AckMode.Quorum));
                done.Add(new(result.Status, result.Succeeded, results.Count, result.Results.Count, result.FailedCondition, result.Detail));
                results.AddRange(result.Results);
            }

            return new WriteAnswer(new(1), range.Id, position, true, new(CommandStatus.Done, true, _index, results, Items: done));
        }
    }

    public async ValueTask<Outcome<GetManyAnswer>> GetManyAsync(
        RangeDescriptor range, IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        await PassAsync(cancel);
        lock (_lock)
        {
            LastRead = options;
            return Failure(range.Id) is { } failure
                ? failure
                : new GetManyAnswer(
                    new(1), range.Id, new(_index), Staleness, [.. keys.Take(ManyAtOnce).Select(key => _rows.TryGetValue(key.ToArray(), out Row row) ? row : default(Row?))]);
        }
    }

    public ValueTask<RequestError?> TransferAsync(RangeId range, NodeId to, Deadline deadline, CancellationToken cancel)
    {
        LastTransfer = (range, to);
        return new(Failure(range));
    }

    private RangeDescriptor Before(ReadOnlyMemory<byte>? end) =>
        _ranges.Last(range => end is not { } bound || range.Start.Span.SequenceCompareTo(bound.Span) < 0);

    private RequestError? Failure(RangeId range) => Failures.GetValueOrDefault(range.Value) ?? Failures.GetValueOrDefault(0ul);

    private async ValueTask PassAsync(CancellationToken cancel)
    {
        if (Throws is { } exception)
        {
            throw exception;
        }

        if (Gate is { } gate)
        {
            Waiting.TrySetResult();
            try
            {
                await gate.Task.WaitAsync(cancel);
            }
            catch (OperationCanceledException)
            {
                Cancelled.TrySetResult();
                throw;
            }
        }
    }

    private CommandResult Apply(WriteRequest request)
    {
        int failed = Enumerable.Range(0, request.Conditions.Count).FirstOrDefault(i => !Holds(request.Conditions[i]), -1);
        List<OperationResult> results = [];
        foreach (Operation operation in failed < 0 ? request.Then : request.Else)
        {
            byte[] key = operation.Key.ToArray();
            bool found = _rows.TryGetValue(key, out Row row);
            switch (operation.Kind)
            {
                case OperationKind.Put:
                    long expires = operation.TtlMilliseconds == 0 ? 0 : 1_000_000 + operation.TtlMilliseconds;
                    _rows[key] = new(key, operation.Value, row.Version + 1, _index, expires);
                    results.Add(new(operation.Kind, row.Version + 1, _index, default, 0, false));
                    break;
                case OperationKind.Delete:
                    _rows.Remove(key);
                    results.Add(new(operation.Kind, row.Version, _index, default, found ? 1 : 0, false));
                    break;
                case OperationKind.DeleteRange:
                    byte[][] gone = [.. _rows.Keys.Where(k => k.AsSpan().SequenceCompareTo(key) >= 0
                        && (operation.End.IsEmpty || k.AsSpan().SequenceCompareTo(operation.End.Span) < 0)).Take((int)operation.Number + 1)];
                    foreach (byte[] each in gone.Take((int)operation.Number))
                    {
                        _rows.Remove(each);
                    }

                    results.Add(new(operation.Kind, 0, _index, default, Math.Min(gone.Length, (int)operation.Number), gone.Length > operation.Number));
                    break;
                case OperationKind.Increment:
                    if (!long.TryParse(found ? Encoding.UTF8.GetString(row.Value.Span) : "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
                    {
                        return new(CommandStatus.Rejected, false, _index, [], Detail: $"then[0]: {Rejections.NotANumber}");
                    }

                    if (operation.Number > 0 ? number > long.MaxValue - operation.Number : number < long.MinValue - operation.Number)
                    {
                        return new(CommandStatus.Rejected, false, _index, [], Detail: $"then[0]: {Rejections.Overflow}");
                    }

                    byte[] sum = Encoding.UTF8.GetBytes((number + operation.Number).ToString(CultureInfo.InvariantCulture));
                    _rows[key] = new(key, sum, row.Version + 1, _index, row.ExpiresAt);
                    results.Add(new(operation.Kind, row.Version + 1, _index, sum, 0, false));
                    break;
                case OperationKind.Append:
                    byte[] longer = [.. row.Value.Span, .. operation.Value.Span];
                    if (longer.Length > operation.Number)
                    {
                        return new(CommandStatus.Rejected, false, _index, [], Detail: $"then[0]: the value would have more than {operation.Number} bytes");
                    }

                    _rows[key] = new(key, longer, row.Version + 1, _index, row.ExpiresAt);
                    results.Add(new(operation.Kind, row.Version + 1, _index, default, longer.Length, false));
                    break;
                case OperationKind.Overwrite:
                    _rows[key] = new(key, operation.Value, row.Version + 1, _index, row.ExpiresAt);
                    results.Add(new(operation.Kind, row.Version + 1, _index, default, 0, false));
                    break;
                case OperationKind.Expire:
                    bool changes = found && (operation.TtlMilliseconds != 0 || row.ExpiresAt != 0);
                    if (changes)
                    {
                        _rows[key] = row with { Version = row.Version + 1, Index = _index, ExpiresAt = operation.TtlMilliseconds == 0 ? 0 : 1_000_000 + operation.TtlMilliseconds };
                    }

                    results.Add(new(operation.Kind, row.Version, _index, default, changes ? 1 : 0, false));
                    break;
                default:
                    results.Add(new(operation.Kind, row.Version, row.Index, row.Value, row.ExpiresAt, false));
                    break;
            }
        }

        if (failed < 0)
        {
            return new(CommandStatus.Done, true, _index, results);
        }

        Row current = _rows.GetValueOrDefault(request.Conditions[failed].Key.ToArray());
        return new(CommandStatus.Done, false, _index, results, new FailedCondition(failed, current.Version, current.Index));
    }

    private bool Holds(Condition condition)
    {
        bool found = _rows.TryGetValue(condition.Key.ToArray(), out Row row);
        return condition.Kind switch
        {
            ConditionKind.Version => row.Version == condition.Number,
            ConditionKind.Index => row.Index == condition.Number,
            ConditionKind.Value => found && row.Value.Span.SequenceEqual(condition.Value.Span),
            _ => found == (condition.Number == 1),
        };
    }
}
