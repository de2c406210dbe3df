using RaftDb.Simulation.Clients;
using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;

namespace RaftDb.Simulation.Faults;

/// <summary>Disks fail, fill up and rot. Rot stays within an atlas: machines that always leave a majority of every range's replicas alone.</summary>
internal sealed class DiskFaults(SimCluster world, SimRandom random, MachineFaults machines)
{
    private const long Ms = 1_000_000;

    private readonly int _mayRot = random.Below(world.Machines.Count);

    public bool Do(FaultKind kind)
    {
        SimMachine machine = random.Pick(world.Machines);
        switch (kind)
        {
            case FaultKind.DiskFailsOnce or FaultKind.DiskFailsForEver:
                if (machine.Process is null)
                {
                    return false;
                }

                world.Trace.Add($"node {machine.Node}: a disk operation will fail");
                machine.Disk.FailAt = random.Between(1, 10);
                machine.Disk.FailsForEver = kind == FaultKind.DiskFailsForEver;
                machines.RestartLater(machine);
                return true;
            case FaultKind.DiskFull:
                world.Trace.Add($"node {machine.Node}: the disk is full");
                machine.Disk.Room = machine.Disk.Used + random.Below(200_000);
                world.Time.After(random.Between(200 * Ms, 6000 * Ms), () => machine.Disk.Room = long.MaxValue);
                return true;
            default:
                return Rot(kind);
        }
    }

    public void Heal()
    {
        foreach (SimMachine machine in world.Machines)
        {
            machine.Disk.Room = long.MaxValue;
            machine.Disk.FailAt = 0;
            machine.Disk.CutAt = 0;
            machine.Disk.MisdirectNext = false;
        }
    }

    /// <summary>One machine may lose what it holds: three replicas still have two good copies, and fewer than three have none to spare.</summary>
    private bool Rot(FaultKind kind)
    {
        if (world.Machines.Count < 3 || world.Swarm.ReplicationFactor < 3)
        {
            return false;
        }

        SimMachine machine = world.Machines[_mayRot];
        if (kind == FaultKind.Misdirect)
        {
            machine.Disk.MisdirectNext = true;
            return true;
        }

        if (kind == FaultKind.Wipe)
        {
            machine.Wipe();
            machines.RestartLater(machine);
            return true;
        }

        if (kind == FaultKind.StateFails)
        {
            if (machine.States.BreakOne() is not { } file)
            {
                return false;
            }

            world.Trace.Add($"node {machine.Node}: {file} can't be written any more");
            machine.Disk.MarkDamaged();
            return true;
        }

        if (kind == FaultKind.StateRots)
        {
            if (machine.States.RotOne(SimClients.Unread) is not { } range)
            {
                return false;
            }

            world.Trace.Add($"node {machine.Node}: a row of range {range} rots");
            machine.Disk.MarkDamaged();
            return true;
        }

        if (machine.Disk.FlipBit(world.Swarm.PowerMayGo) is not { } where)
        {
            return false;
        }

        world.Trace.Add($"node {machine.Node}: a bit flips in {where}");
        return true;
    }
}
