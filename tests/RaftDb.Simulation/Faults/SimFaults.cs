using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Faults;

/// <summary>Does to the cluster what its options say, at random times, until it is told to stop; then makes everything whole again.</summary>
internal sealed class SimFaults
{
    private const long Ms = 1_000_000;

    private readonly SimCluster _world;
    private readonly SimRandom _random;
    private readonly MachineFaults _machines;
    private readonly NetworkActions _network;
    private readonly DiskFaults _disks;
    private readonly ClockFaults _clocks;
    private readonly ClusterActions _actions;
    private bool _on;

    public SimFaults(SimCluster world)
    {
        _world = world;
        _random = world.Random.Split("faults");
        _machines = new(world, _random);
        _network = new(world, _random);
        _disks = new(world, _random, _machines);
        _clocks = new(world, _random);
        _actions = new(world, _random, _machines);
    }

    public void Begin()
    {
        _on = true;
        _world.Network.Faults = _world.Swarm.Network;
        _clocks.Begin();
        _actions.Begin();
        foreach ((FaultKind kind, int every) in _world.Swarm.FaultEveryMs)
        {
            Schedule(kind, every);
        }
    }

    /// <summary>Whoever looks after the machines starts those that are down.</summary>
    public void StartAgain() => _machines.StartAgain();

    /// <summary>No more faults; what is cut, paused, full or down comes back.</summary>
    public void End()
    {
        _on = false;
        _world.Network.Faults = Network.NetworkFaults.None;
        _world.Network.StaysWhole = true;
        _world.Network.Heal();
        _disks.Heal();
        _machines.Heal();
        _actions.Heal();
    }

    private void Schedule(FaultKind kind, int every) =>
        _world.Time.After(_random.Between(every * Ms / 4, every * Ms * 7 / 4), () =>
        {
            if (!_on)
            {
                return;
            }

            if (Do(kind))
            {
                _world.Marks.Hit($"fault: {kind}");
                if (FaultRows.Of(kind, _world.Swarm) is { } row)
                {
                    _world.Marks.Hit(row);
                }
            }

            Schedule(kind, every);
        });

    private bool Do(FaultKind kind) => kind switch
    {
        FaultKind.Kill => _machines.Kill(_machines.Any(), power: false),
        FaultKind.QuickRestart => _machines.RestartAtOnce(),
        FaultKind.PowerCut => _machines.Kill(_machines.Any(), power: true),
        FaultKind.KillLeader => _machines.Kill(_machines.Leader(), power: _random.Coin()),
        FaultKind.PowerCutInDiskOperation => _machines.CutSoon(),
        FaultKind.PowerCutEverywhere => _machines.CutEverywhere(),
        FaultKind.CleanStop => _machines.StopCleanly(),
        FaultKind.Pause => _machines.Pause(_machines.Any()),
        FaultKind.PauseLeader => _machines.Pause(_machines.Leader()),
        FaultKind.Partition or FaultKind.OneWay or FaultKind.IsolateLeader or FaultKind.Bridge or FaultKind.Ring or FaultKind.Clog or FaultKind.LateAnswers => _network.Do(kind),
        FaultKind.DiskFailsOnce or FaultKind.DiskFailsForEver or FaultKind.DiskFull or FaultKind.BitFlip or FaultKind.Misdirect
            or FaultKind.Wipe or FaultKind.StateFails or FaultKind.StateRots => _disks.Do(kind),
        FaultKind.ClockLeap or FaultKind.ClockDrift or FaultKind.WallJump => _clocks.Do(kind),
        _ => _actions.Do(kind),
    };
}
