using RaftDb.Raft;
using RaftDb.Server.Replicas;

namespace RaftDb.Simulation.Nodes;

/// <summary>What <see cref="ReplicaLoop"/> is with a thread: takes woken replicas and due timers, and calls <see cref="Replica.Process"/>.</summary>
internal sealed class SimLoop(SimProcess process)
{
    /// <summary>A replica that wants to be called again at once so many times in a row would keep a core busy for nothing.</summary>
    private const int MaxSpins = 1000;

    private readonly Dictionary<Replica, Instant> _due = [];
    private readonly Dictionary<Replica, Instant> _armed = [];
    private readonly PassOutput _output = new();
    private List<Replica> _runnable = [];
    private List<Replica> _taken = [];
    private bool _passDue;
    private int _spins;

    public void Wake(Replica replica)
    {
        _runnable.Add(replica);
        if (!_passDue)
        {
            _passDue = true;
            process.After(process.World.Swarm.LoopLatency(process.Random), Pass);
        }
    }

    private void Pass()
    {
        _passDue = false;
        (_runnable, _taken) = (_taken, _runnable);
        foreach (Replica replica in _taken)
        {
            Process(replica);
        }

        _taken.Clear();
        Flush();
    }

    private void Process(Replica replica)
    {
        replica.Process(_output);
        process.World.Checks.Stepped(process, replica);
        Instant next = replica.NextDeadline;
        _spins = next <= process.Now ? _spins + 1 : 0;
        if (_spins > MaxSpins)
        {
            throw new Core.SimulationFailedException(
                $"node {process.Node}, range {replica.Range}: wants to be called again at once, for the {_spins}th time: due {next.Nanoseconds}, now {process.Now.Nanoseconds}");
        }

        _due[replica] = next;
        if (next != Instant.Never && (!_armed.TryGetValue(replica, out Instant armed) || next < armed))
        {
            Arm(replica, next);
        }
    }

    /// <summary>Most deadlines are put off before they come: one timer looks again when it fires too early.</summary>
    private void Arm(Replica replica, Instant next)
    {
        _armed[replica] = next;
        process.At(process.Machine.Clock.When(next), () => Timer(replica, next));
    }

    private void Timer(Replica replica, Instant armed)
    {
        if (!_armed.TryGetValue(replica, out Instant current) || current != armed)
        {
            return;
        }

        _armed.Remove(replica);
        Instant due = _due[replica];
        if (due <= process.Now)
        {
            Process(replica);
            Flush();
        }
        else if (due != Instant.Never)
        {
            Arm(replica, due);
        }
    }

    private void Flush() => _output.Flush(process.Binlog, process.Transport);
}
