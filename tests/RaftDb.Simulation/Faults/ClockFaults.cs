using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;

namespace RaftDb.Simulation.Faults;

/// <summary>Clocks drift, leap and are set.</summary>
internal sealed class ClockFaults(SimCluster world, SimRandom random)
{
    public void Begin()
    {
        foreach (SimMachine machine in world.Machines)
        {
            machine.Clock.SetDrift(Drift());
            machine.Clock.SetWallOffset(Offset());
        }
    }

    public bool Do(FaultKind kind)
    {
        SimMachine machine = random.Pick(world.Machines);
        switch (kind)
        {
            case FaultKind.ClockDrift:
                machine.Clock.SetDrift(Drift());
                break;
            case FaultKind.WallJump:
                machine.Clock.SetWallOffset(Offset());
                break;
            default:
                machine.Clock.LeapForward(random.Between(1_000_000L, 5_000_000_000L));
                break;
        }

        return true;
    }

    private int Drift() => random.Between(-world.Swarm.MaxDriftPpm, world.Swarm.MaxDriftPpm);

    private long Offset() => random.Between(-(long)world.Swarm.MaxWallOffsetMs, world.Swarm.MaxWallOffsetMs);
}
