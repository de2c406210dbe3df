using System.Globalization;
using System.Text;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Simulation.States;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Simulation.Clients;

/// <summary>Clients that count in sessions: several increments under way at once, each sent again (to any node, sooner or later) until it is answered, and some sent again even then.
/// In the end each counter is what was answered, and at most what was given up when a session expired.</summary>
internal sealed class CountingClients(SimCluster world, SimRandom random)
{
    private readonly List<CountingClient> _clients = [];

    /// <summary>Whether everything that was begun has ended.</summary>
    public bool IsIdle => _clients.TrueForAll(client => client.IsIdle);

    public void Begin()
    {
        for (int i = 0; i < world.Swarm.Counters; i++)
        {
            RangeDescriptor range = world.Range(new((ulong)(2 + (i % world.Swarm.Ranges))));
            CountingClient client = new(world, random.Split($"counting {i}"), range.Id, SimClients.Key(range.Id, $"/exact/{i}"));
            _clients.Add(client);
            client.Begin();
        }
    }

    public void End() => _clients.ForEach(client => client.End());

    /// <summary>Looks at every replica.</summary>
    public void Check()
    {
        foreach (CountingClient client in _clients)
        {
            foreach (SimMachine machine in world.Machines.Where(m => m.Process is not null && !m.Disk.IsDamaged))
            {
                // A replica that has moved away may not have heard of it yet.
                if (machine.Process!.Replicas.FindServing(client.Range) is { } replica
                    && world.LeaderOf(client.Range) is { } leader && leader.Replica.State.Machine.Descriptor.ReplicaOn(machine.Node) == replica.Id)
                {
                    client.Check(machine.Node, (SimStateMachine)replica.State.Machine);
                }
            }
        }
    }
}

/// <summary>One session after the other, and one counter.</summary>
internal sealed class CountingClient(SimCluster world, SimRandom random, RangeId range, string key)
{
    private const long Ms = 1_000_000;
    private const int MostUnderWay = 6;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly SortedSet<ulong> _open = [];
    private SessionId _session;
    private ulong _sequence;
    private bool _isEnding;
    private int _underWay;
    private long _answered;
    private long _givenUp;

    public RangeId Range { get; } = range;

    public bool IsIdle => _underWay == 0;

    public void Begin()
    {
        NewSession();
        world.Time.After(random.Below(200 * Ms), Next);
    }

    public void End() => _isEnding = true;

    public void Check(NodeId node, SimStateMachine state)
    {
        long held = state.Version.Rows.TryGetValue(Encoding.UTF8.GetBytes(key), out SimRow? row)
            ? long.Parse(Encoding.UTF8.GetString(row.Value), CultureInfo.InvariantCulture)
            : 0;
        if (held < _answered || held > _answered + _givenUp)
        {
            throw new SimulationFailedException(
                $"counter {key} is {held} on node {node}: {_answered} increments were answered, and {_givenUp} were given up because their session had expired");
        }

        world.Marks.Hit("H4 increments counted once", _answered);
    }

    /// <summary>Half of the ids are minted, half chosen.</summary>
    private void NewSession()
    {
        _session = random.Coin()
            ? SessionId.Mint(HybridTimestamp.Of(1_700_000_000_000 + (world.Time.Now / Ms), 0), (ulong)random.Below(long.MaxValue))
            : new((UInt128)(ulong)random.Below(long.MaxValue) << 64 | (ulong)random.Below(long.MaxValue));
        _sequence = 0;
        _open.Clear();
    }

    private void Next()
    {
        if (_isEnding)
        {
            return;
        }

        // Now and then nothing for a while, so that sessions expire.
        long pause = random.Chance(30_000) ? random.Below(12_000 * Ms) : random.Below(200 * Ms);
        world.Time.After(pause, Next);
        for (int more = random.Pick([1, 1, 1, 4]); more > 0 && _underWay < MostUnderWay; more--)
        {
            _underWay++;
            _open.Add(++_sequence);
            Send(new(_session, _sequence), 1);
        }
    }

    private void Send(Increment increment, int attempt)
    {
        if (world.Machines[random.Below(world.Machines.Count)].Process is not { } process)
        {
            world.Time.After(50 * Ms, () => Repeat(increment, attempt));
            return;
        }

        bool isCurrent = increment.Session == _session;
        SessionWrite write = new(increment.Session, increment.Sequence, isCurrent && _open.Count > 0 ? Math.Min(_open.Min, increment.Sequence) : 0);
        process.After(50_000, () => _ = AskAsync(process, increment, write, attempt));
        if (!increment.IsEnded)
        {
            // Some wait long before they try again, and some not at all: tries of one increment are under way side by side.
            long patience = random.Chance(50_000) ? random.Below(15_000 * Ms) : random.Between(5, 3000) * Ms;
            world.Time.After(patience, () => Repeat(increment, attempt));
        }
    }

    private void Repeat(Increment increment, int attempt)
    {
        if (!increment.IsEnded && increment.Attempts == attempt)
        {
            increment.Attempts++;
            Send(increment, increment.Attempts);
        }
    }

    private async Task AskAsync(SimProcess process, Increment increment, SessionWrite write, int attempt)
    {
        try
        {
            Answered(increment, attempt, random.Chance(300_000) ? await BesideOthersAsync(process, write) : await AloneAsync(process, write));
        }
        catch (Exception e) when (e is not PowerCutException)
        {
            process.Fail(e);
        }
    }

    private ValueTask<Outcome<WriteAnswer>> AloneAsync(SimProcess process, in SessionWrite write) => process.Router.WriteAsync(
        new WriteRequest([], [Operation.Increment(Encoding.UTF8.GetBytes(key), 1)], [], AckMode.Quorum, write),
        process.Router.DeadlineIn(Timeout),
        CancellationToken.None);

    /// <summary>As a pipelining client's node sends it: in one entry with other writes, here with itself.</summary>
    private async ValueTask<Outcome<WriteAnswer>> BesideOthersAsync(SimProcess process, SessionWrite write)
    {
        byte[] counter = Encoding.UTF8.GetBytes(key);
        using BatchWriter items = new() { ItemsInSessions = true };
        for (int i = random.Between(1, 2); i > 0; i--)
        {
            items.Add([], [Operation.Increment(counter, 1)], [], write);
        }

        world.Marks.Hit("H4 sessions of single items of a batch");
        Outcome<WriteAnswer> outcome = await process.Router.WriteBatchAsync(world.Range(Range), items, AckMode.Quorum, process.Router.DeadlineIn(Timeout), CancellationToken.None);
        if (outcome.Value?.Result?.Items is not { } answers)
        {
            return outcome;
        }

        if (answers[^1].Status != answers[0].Status)
        {
            world.Report(new SimulationFailedException($"sequence {write.Sequence} was answered {answers[0].Status}, and {answers[^1].Status} beside it"));
        }

        return answers[0].Status switch
        {
            CommandStatus.Done => outcome,
            CommandStatus.SessionExpired => new RequestError(ErrorCode.SessionExpired, answers[0].Detail ?? ""),
            _ => new RequestError(ErrorCode.InvalidArgument, answers[0].Detail ?? ""),
        };
    }

    private void Answered(Increment increment, int attempt, in Outcome<WriteAnswer> outcome)
    {
        if (increment.IsEnded)
        {
            // A late answer, or the answer to a repetition of what is answered.
            return;
        }

        if (outcome.Value is not null)
        {
            _answered++;
            Ended(increment);
            if (random.Chance(200_000))
            {
                // What is answered is sent once more, much later: the network had kept it.
                world.Time.After(random.Below(10_000 * Ms), () => Send(increment, attempt + 1));
            }
            else if (random.Chance(50_000))
            {
                Reuse(increment);
            }
        }
        else if (outcome.Error!.Code == ErrorCode.SessionExpired)
        {
            // Nobody knows any more whether an earlier try was executed. The next increments come in a new session.
            world.Marks.Hit("H5 sessions expired");
            _givenUp++;
            Ended(increment);
            if (increment.Session == _session)
            {
                NewSession();
            }
        }
        else
        {
            world.Time.After(random.Below(300 * Ms), () => Repeat(increment, attempt));
        }
    }

    /// <summary>A client with a fault of its own: it takes a number for a second request. That must never be answered as if it were done.</summary>
    private void Reuse(Increment increment)
    {
        if (world.Machines[random.Below(world.Machines.Count)].Process is { } process)
        {
            world.Marks.Hit("H4 sequence used for another request");
            process.After(50_000, () => _ = ReuseAsync(process, increment));
        }
    }

    private async Task ReuseAsync(SimProcess process, Increment increment)
    {
        try
        {
            Outcome<WriteAnswer> outcome = await process.Router.WriteAsync(
                new WriteRequest([], [Operation.Increment(Encoding.UTF8.GetBytes(key), 1_000_000)], [], AckMode.Quorum, new SessionWrite(increment.Session, increment.Sequence, 0)),
                process.Router.DeadlineIn(Timeout),
                CancellationToken.None);
            if (outcome.Value is not null)
            {
                world.Report(new SimulationFailedException($"sequence {increment.Sequence} was answered for an increment of {key} by 1, and then for one by 1,000,000"));
            }
        }
        catch (Exception e) when (e is not PowerCutException)
        {
            process.Fail(e);
        }
    }

    private void Ended(Increment increment)
    {
        increment.IsEnded = true;
        _underWay--;
        if (increment.Session == _session)
        {
            _open.Remove(increment.Sequence);
        }
    }

    private sealed class Increment(SessionId session, ulong sequence)
    {
        public SessionId Session { get; } = session;

        public ulong Sequence { get; } = sequence;

        public int Attempts { get; set; } = 1;

        public bool IsEnded { get; set; }
    }
}
