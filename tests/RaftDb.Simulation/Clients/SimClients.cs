using System.Globalization;
using System.Text;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Simulation.Clients;

/// <summary>Clients that ask nodes by chance for this and that through the product's router, and remember what they asked and were told.</summary>
internal sealed class SimClients(SimCluster world, SimRandom random)
{
    public const int Accounts = 5;
    public const int AccountStart = 1000;

    private const long Ms = 1_000_000;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <summary>The deadline by the slowest clock, and a second on top for busy loops and slow applies.</summary>
    private const long AnsweredWithin = 5_000 * Ms;

    private readonly ClientChecks _checks = new(world);
    private readonly Dictionary<RangeId, SessionToken> _sessions = [];
    private long _every;

    public List<ClientOperation> Operations { get; } = [];

    public ClientChecks Checks => _checks;

    /// <summary>Operations that a running process was asked for.</summary>
    public int Asked { get; private set; }

    /// <summary>Begins to ask, so many times per second.</summary>
    public void Begin(int perSecond)
    {
        bool idle = _every == 0;
        _every = 1_000 * Ms / perSecond;
        if (idle)
        {
            world.Time.After(random.Below(_every), Next);
        }
    }

    public void End() => _every = 0;

    /// <summary>Gives every account of every range its money. To be called until it succeeds, before the clients begin.</summary>
    public IEnumerable<ClientOperation> OpenAccounts() =>
        world.Ranges.Where(r => r.Kind == RangeKind.KeyValue).Select(range =>
        {
            Operation[] puts = [.. Enumerable.Range(0, Accounts).Select(i => Operation.Put(Bytes(AccountKey(range.Id, i)), Bytes($"{AccountStart}")))];
            puts = [.. puts, Operation.Put(Unread(range.Id), Bytes("no number"))];
            return Write(AnyNode(), OperationType.TransferMoney, range.Id, AccountKey(range.Id, 0), [], puts, AckMode.Quorum);
        }).ToList();

    /// <summary>A put of a value of its own; for scenarios and for the end of a run.</summary>
    public ClientOperation Put(int node, RangeId range, string key) => Simple(node, OperationType.Put, range, key);

    /// <summary>A put of a key that is gone after a while; for scenarios.</summary>
    public ClientOperation PutForAWhile(int node, RangeId range, string key) => Simple(node, OperationType.PutWithTtl, range, key);

    /// <summary>A linearizable read.</summary>
    public ClientOperation Get(int node, RangeId range, string key) => Simple(node, OperationType.Get, range, key);

    /// <summary>A row that is written once and that no client is ever shown: what rots in it breaks nobody's promise.</summary>
    public static byte[] Unread(RangeId range) => Bytes(Key(range, "/text"));

    public static string Key(RangeId range, string name) => $"{(char)('a' + (int)range.Value - 2)}{name}";

    private static string AccountKey(RangeId range, int account) => Key(range, $"/account/{account}");

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private int AnyNode() => random.Below(world.Machines.Count);

    /// <summary>Who finds nobody there turns to the next node.</summary>
    private int AnyNodeThatRuns()
    {
        int node = AnyNode();
        for (int i = 0; i < world.Machines.Count && world.Machines[node].Process is null; i++)
        {
            node = (node + 1) % world.Machines.Count;
        }

        return node;
    }

    private void Next()
    {
        if (_every == 0)
        {
            return;
        }

        world.Time.After((_every / 2) + random.Below(_every), Next);
        RangeId range = new((ulong)random.Between(2, world.Swarm.Ranges + 1));
        OperationType type = Draw();
        string name = type switch
        {
            OperationType.Increment => $"/counter/{random.Below(3)}",
            OperationType.PutWithTtl => $"/ttl/{random.Below(world.Swarm.KeysPerRange)}",
            OperationType.PutAtLeader => $"/unsure/{random.Below(world.Swarm.KeysPerRange)}",
            _ => $"/key/{random.Below(world.Swarm.KeysPerRange)}",
        };
        Simple(AnyNodeThatRuns(), type, range, Key(range, name));
    }

    private OperationType Draw() => random.Below(100) switch
    {
        < 28 => OperationType.Put,
        < 33 => OperationType.Delete,
        < 40 => OperationType.CompareAndPut,
        < 43 => OperationType.PutWithTtl,
        < 51 => OperationType.Increment,
        < 54 => OperationType.TransferMoney,
        < 56 => OperationType.TransferInBatch,
        < 58 => OperationType.PutAtLeader,
        < 60 => OperationType.PutEverywhere,
        < 82 => OperationType.Get,
        < 88 => OperationType.GetBounded,
        < 93 => OperationType.GetSession,
        < 96 => OperationType.GetEventual,
        _ => OperationType.ScanAccounts,
    };

    private ClientOperation Simple(int node, OperationType type, RangeId range, string key)
    {
        byte[] bytes = Bytes(key);
        byte[] value = new byte[Math.Max(world.Swarm.ValueBytes, 8)];
        BitConverter.TryWriteBytes(value, (long)Operations.Count);
        switch (type)
        {
            case OperationType.Put:
                return Write(node, type, range, key, [], [Operation.Put(bytes, value)], AckMode.Quorum, value);
            case OperationType.PutEverywhere:
                return Write(node, type, range, key, [], [Operation.Put(bytes, value)], AckMode.All, value);
            case OperationType.PutAtLeader:
                return Write(node, type, range, key, [], [Operation.Put(bytes, value)], AckMode.Leader, value);
            case OperationType.PutWithTtl:
                return Write(node, type, range, key, [], [Operation.Put(bytes, value, random.Between(100, 5000))], AckMode.Quorum, value);
            case OperationType.Delete:
                return Write(node, type, range, key, [], [Operation.Delete(bytes)], AckMode.Quorum);
            case OperationType.CompareAndPut:
                ulong version = _checks.LastVersion(key);
                return Write(node, type, range, key, [new(ConditionKind.Version, bytes, version, default)], [Operation.Put(bytes, value)], AckMode.Quorum, value, version);
            case OperationType.Increment:
                return Write(node, type, range, key, [], [Operation.Increment(bytes, 1)], AckMode.Quorum);
            case OperationType.TransferMoney:
                int from = random.Below(Accounts);
                int to = (from + random.Between(1, Accounts - 1)) % Accounts;
                int amount = random.Between(1, 50);

                // Now and then the second half is impossible, so that the first must not be done either.
                string receiver = random.Chance(100_000) ? Key(range, "/text") : AccountKey(range, to);
                return Write(
                    node, type, range, AccountKey(range, from), [],
                    [Operation.Increment(Bytes(AccountKey(range, from)), -amount), Operation.Increment(Bytes(receiver), amount)], AckMode.Quorum);
            case OperationType.TransferInBatch:
                return Batch(node, range);
            default:
                return Read(node, type, range, key);
        }
    }

    private ClientOperation Begin(int node, OperationType type, RangeId range, string key, byte[]? written, ulong expected = 0)
    {
        ClientOperation operation = new()
        {
            Id = Operations.Count,
            Type = type,
            Range = range,
            Key = key,
            Node = node,
            Started = world.Time.Now,
            KnownBefore = _checks.Known(range),
            Written = written,
            ExpectedVersion = expected,
        };
        Operations.Add(operation);
        if (type == OperationType.Get && world.Machines[node].Process?.Replicas.Find(range) is { } replica && replica.Consensus.Applied < replica.Consensus.Commit
            && replica.Consensus.Commit.Value < _checks.Known(range))
        {
            world.Marks.Hit("C4 read at a replica that has not caught up");
        }

        world.Trace.Detail(() => $"client {operation.Id}: {type} {key} at node {node + 1}");
        return operation;
    }

    private ClientOperation Write(
        int node, OperationType type, RangeId range, string key, Condition[] conditions, Operation[] then, AckMode ack, byte[]? written = null, ulong expected = 0)
    {
        ClientOperation operation = Begin(node, type, range, key, written, expected);
        At(operation, async process =>
        {
            Outcome<WriteAnswer> outcome = await process.Router.WriteAsync(
                new WriteRequest(conditions, then, [], ack), process.Router.DeadlineIn(Timeout), CancellationToken.None);
            if (outcome.Value is { } answer)
            {
                operation.Index = answer.Position.Index.Value;
                operation.End = answer.Committed ? OperationEnd.Done : OperationEnd.Open;
                SeenInSession(range, answer);
                operation.Succeeded = answer.Result is { Succeeded: true, Status: CommandStatus.Done };
                if (answer.Result is { Results: { Count: > 0 } results })
                {
                    operation.Version = results[0].Version;
                    operation.Read = results[0].Value.IsEmpty ? null : results[0].Value.ToArray();
                }
            }
            else
            {
                operation.End = outcome.Error!.Code == ErrorCode.OutcomeUnknown ? OperationEnd.Open : OperationEnd.NotDone;
                world.Marks.Hit($"writes: {outcome.Error.Code}");
            }
        });
        return operation;
    }

    /// <summary>Half of the writes are of those who read in sessions, and want to see what they wrote.</summary>
    private void SeenInSession(RangeId range, WriteAnswer answer)
    {
        if (answer.Committed && random.Coin())
        {
            SessionToken token = _sessions.GetValueOrDefault(range) ?? SessionToken.Empty;
            _sessions[range] = answer.Position.Index > token[range] ? token.With(range, answer.Position.Index) : token;
        }
    }

    /// <summary>Several transfers in one entry, of which some are impossible: what becomes of one is nothing to the others.</summary>
    private ClientOperation Batch(int node, RangeId range)
    {
        bool[] possible = [.. Enumerable.Range(0, random.Between(1, 4)).Select(_ => !random.Chance(300_000))];
        ClientOperation operation = Begin(node, OperationType.TransferInBatch, range, AccountKey(range, 0), null);
        At(operation, async process =>
        {
            using BatchWriter items = new();
            foreach (bool isPossible in possible)
            {
                int amount = random.Between(1, 50);
                string receiver = isPossible ? AccountKey(range, random.Below(Accounts)) : Key(range, "/text");
                items.Add([], [Operation.Increment(Bytes(AccountKey(range, random.Below(Accounts))), -amount), Operation.Increment(Bytes(receiver), amount)], []);
            }

            Outcome<WriteAnswer> outcome = await process.Router.WriteBatchAsync(world.Range(range), items, AckMode.Quorum, process.Router.DeadlineIn(Timeout), CancellationToken.None);
            operation.End = outcome.Value is not null ? OperationEnd.Done : outcome.Error!.Code == ErrorCode.OutcomeUnknown ? OperationEnd.Open : OperationEnd.NotDone;
            if (outcome.Value is { } answer)
            {
                operation.Index = answer.Position.Index.Value;
                _checks.Items(operation, possible, answer.Result!);
            }
        });
        return operation;
    }

    private ClientOperation Read(int node, OperationType type, RangeId range, string key)
    {
        ClientOperation operation = Begin(node, type, range, key, null);
        ReplicaChoice choice = random.Below(4) switch
        {
            0 => new(ReplicaChoiceKind.Leader),
            1 when world.Range(range).Replicas.Count > 1 => new(ReplicaChoiceKind.Follower),
            _ => new(ReplicaChoiceKind.Any),
        };
        TimeSpan bound = TimeSpan.FromMilliseconds(random.Pick([10, 100, 1000, 5000]));
        SessionToken token = _sessions.GetValueOrDefault(range) ?? SessionToken.Empty;
        ReadOptions options = type switch
        {
            OperationType.GetBounded => new(Consistency.Bounded, bound, choice, SessionToken.Empty),
            OperationType.GetSession => new(Consistency.Session, default, choice, token),
            OperationType.GetEventual => new(Consistency.Eventual, default, choice, SessionToken.Empty),
            _ => new(Consistency.Linearizable, default, choice, SessionToken.Empty),
        };
        if (type == OperationType.ScanAccounts)
        {
            At(operation, process => ScanAsync(process, operation, range, options));
            return operation;
        }

        At(operation, async process =>
        {
            Outcome<GetAnswer> outcome = await process.Router.GetAsync(
                Bytes(key), options, process.Router.DeadlineIn(Timeout), CancellationToken.None);
            if (outcome.Value is not { } answer)
            {
                operation.End = OperationEnd.NotDone;
                world.Marks.Hit($"reads: {outcome.Error!.Code}");
                return;
            }

            operation.Index = answer.Index.Value;
            operation.Read = answer.Row?.Value.ToArray();
            operation.ReadIndex = answer.Row?.Index ?? 0;
            operation.Version = answer.Row?.Version ?? 0;
            operation.End = OperationEnd.Done;
            if (type == OperationType.GetBounded)
            {
                _checks.Bounded(operation, answer.Staleness, bound);
            }
            else if (type == OperationType.GetSession)
            {
                _checks.Session(operation, token[range].Value);
                _sessions[range] = token.With(range, answer.Index);
            }
        });
        return operation;
    }

    private async Task ScanAsync(SimProcess process, ClientOperation operation, RangeId range, ReadOptions options)
    {
        byte[] start = Bytes(Key(range, "/account/"));
        byte[] end = Bytes(Key(range, "/account0"));
        Outcome<ScanAnswer> outcome = await process.Router.ScanAsync(
            new ScanQuery(start, end, 100, 1 << 20, false, false), options, process.Router.DeadlineIn(Timeout), CancellationToken.None);
        if (outcome.Value is not { } answer)
        {
            operation.End = OperationEnd.NotDone;
            return;
        }

        operation.Index = answer.Index.Value;
        operation.End = OperationEnd.Done;
        long sum = 0;
        foreach (Row row in answer.Rows)
        {
            sum += long.Parse(Encoding.UTF8.GetString(row.Value.Span), CultureInfo.InvariantCulture);
        }

        _checks.Money(operation, sum);
    }

    /// <summary>Asks a process; what it does not answer before it dies stays open.</summary>
    private void At(ClientOperation operation, Func<SimProcess, Task> ask)
    {
        if (world.Machines[operation.Node].Process is not { } process)
        {
            operation.End = OperationEnd.NotDone;
            operation.Ended = world.Time.Now;
            return;
        }

        Asked++;
        process.After(50_000, () => _ = RunAsync(process, operation, ask));
        world.Time.After(AnsweredWithin, () =>
        {
            // A process that was never paused answers every request within its deadline (by its own clock), whatever happens around it.
            if (operation.Ended == 0 && process is { IsAlive: true, WasPaused: false })
            {
                world.Report(new SimulationFailedException($"client operation {operation.Id} ({operation.Type} {operation.Key} at node {operation.Node + 1}) got no answer"));
            }
        });
    }

    private async Task RunAsync(SimProcess process, ClientOperation operation, Func<SimProcess, Task> ask)
    {
        try
        {
            await ask(process);
            operation.Ended = world.Time.Now;
            world.Trace.Mix((ulong)operation.Id ^ ((ulong)operation.End << 40), operation.Index);
            _checks.Ended(operation);
        }
        catch (SimulationFailedException e)
        {
            world.Report(e);
        }
        catch (Exception e) when (e is not PowerCutException)
        {
            process.Fail(e);
        }
    }
}
