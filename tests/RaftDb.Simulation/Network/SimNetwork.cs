using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Network;

/// <summary>The network between machines. Fault model: messages are late, lost, doubled or overtaken; a direction between two machines may be cut (messages vanish) or clogged
/// (they wait). Requests and snapshots go over connections: whole and in order, or the connection breaks and nobody knows whether the other side did it.</summary>
internal sealed class SimNetwork(EventQueue time, SimRandom random, Trace trace, Marks marks, IReadOnlyList<SimMachine> machines)
{
    private readonly Wire[,] _wires = Wires(machines.Count);
    private long _losesRoundsUntil;

    public NetworkFaults Faults { get; set; } = NetworkFaults.None;

    /// <summary>The connections, and who hears of their end.</summary>
    public required ConnectionWatch Connections { get; init; }

    /// <summary>Checks look at every message here.</summary>
    public required Action<SimProcess, RangeMessage> Sent { get; init; }

    /// <summary>Checks look at every message that arrives here.</summary>
    public required Action<SimProcess, RangeMessage> Received { get; init; }

    public bool IsCut(int from, int to) => _wires[from, to].IsCut;

    /// <summary>Faults are over: what was about to be cut stays whole.</summary>
    public bool StaysWhole { get; set; }

    /// <summary>Cuts one direction.</summary>
    public void Cut(int from, int to) => _wires[from, to].IsCut = from != to && !StaysWhole;

    /// <summary>Lets nothing arrive in one direction before this time; then everything.</summary>
    public void Clog(int from, int to, long until) => _wires[from, to].CloggedUntil = until;

    /// <summary>Until this time the network happens to lose whatever would confirm that a leader still leads, and nothing else.</summary>
    public void LoseRounds(long until) => _losesRoundsUntil = until;

    public void Heal()
    {
        _losesRoundsUntil = 0;
        foreach (Wire wire in _wires)
        {
            wire.IsCut = false;
            wire.CloggedUntil = 0;
        }
    }

    /// <summary>Machines talk only to those of their own group; -1 belongs to all groups.</summary>
    public void Partition(ReadOnlySpan<int> groups)
    {
        for (int a = 0; a < machines.Count; a++)
        {
            for (int b = 0; b < machines.Count; b++)
            {
                _wires[a, b].IsCut = a != b && groups[a] != groups[b] && groups[a] >= 0 && groups[b] >= 0;
            }
        }
    }

    /// <summary>Each machine talks to its two neighbours only.</summary>
    public void Ring()
    {
        int count = machines.Count;
        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b < count; b++)
            {
                _wires[a, b].IsCut = a != b && (a + 1) % count != b && (b + 1) % count != a;
            }
        }
    }

    public void Send(SimProcess sender, NodeId to, IReadOnlyList<RangeMessage> messages)
    {
        int from = sender.Machine.Index;
        int target = (int)to.Value - 1;
        for (int i = 0; i < messages.Count; i++)
        {
            Sent(sender, messages[i]);
        }

        if (!Connections.IsOpen(from, target) || _wires[from, target].IsCut)
        {
            return;
        }

        if (random.Chance(Faults.DropPerMillion))
        {
            marks.Hit("messages dropped");
            return;
        }

        if (time.Now < _losesRoundsUntil && messages.Any(m => m.Message is HeartbeatResponse))
        {
            messages = [.. messages.Where(m => m.Message is not HeartbeatResponse)];
            marks.Hit("C2 answers to rounds lost");
            if (messages.Count == 0)
            {
                return;
            }
        }

        HybridTimestamp sent = sender.LogClock.Last;
        Deliver(from, target, messages, sent);
        if (random.Chance(Faults.DuplicatePerMillion))
        {
            marks.Hit("B7 messages doubled");
            if (messages.Any(m => m.Message is HeartbeatResponse or ReadIndexRequest))
            {
                marks.Hit("C2 answers to rounds doubled");
            }

            Deliver(from, target, messages, sent);
        }
    }

    /// <summary>Has something done on another machine and brings back what came of it. Fails when the connection breaks or the time is up.</summary>
    public Task<T> CallAsync<T>(SimProcess sender, NodeId to, Func<SimProcess, ValueTask<T>> work, TimeSpan timeout, CancellationToken cancel)
    {
        int from = sender.Machine.Index;
        int target = (int)to.Value - 1;
        if (target < 0 || !Connections.IsOpen(from, target))
        {
            return Task.FromException<T>(new PeerUnreachableException($"there is no connection to node {to}", notSent: true));
        }

        RemoteCall<T> call = new(sender, this, Connections, target, work);
        call.Begin(timeout, cancel);
        return call.Task;
    }

    /// <summary>When what is sent now arrives, in order behind what was sent before; null when it never does.</summary>
    public long? Arrival(int from, int to)
    {
        Wire wire = _wires[from, to];
        return wire.IsCut ? null : wire.InOrder(time.Now + Delay());
    }

    private void Deliver(int from, int target, IReadOnlyList<RangeMessage> messages, HybridTimestamp sent)
    {
        Wire wire = _wires[from, target];
        long at = time.Now + Delay();
        if (random.Chance(Faults.ReorderPerMillion))
        {
            marks.Hit("B7 messages overtaken");
            at = Math.Max(at + random.Below(Faults.MaxDelay), wire.CloggedUntil);
        }
        else
        {
            at = wire.InOrder(at);
        }

        SimProcess? receiver = machines[target].Process;
        time.At(at, () =>
        {
            if (machines[target].Process is not { } process || !ReferenceEquals(process, receiver) || wire.IsCut)
            {
                return;
            }

            trace.Mix((ulong)((from * 16) + target), (ulong)messages.Count);
            for (int i = 0; i < messages.Count; i++)
            {
                Received(process, messages[i]);
            }

            process.Enter(() =>
            {
                process.LogClock.Merge(sent);
                process.Handler.OnMessages(new NodeId((ulong)from + 1), messages);
            });
        });
    }

    private long Delay()
    {
        long spread = Faults.MaxDelay - Faults.MinDelay;
        return Faults.MinDelay + random.Below((random.Next() & 15) == 0 ? spread : Math.Max(1, spread / 16));
    }

    private static Wire[,] Wires(int count)
    {
        Wire[,] wires = new Wire[count, count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                wires[i, j] = new();
            }
        }

        return wires;
    }

    /// <summary>One direction between two machines.</summary>
    private sealed class Wire
    {
        private long _last;

        public bool IsCut { get; set; }

        public long CloggedUntil { get; set; }

        public long InOrder(long at) => _last = Math.Max(Math.Max(at, CloggedUntil), _last);
    }
}
