using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;

namespace RaftDb.Simulation.Faults;

/// <summary>Processes and machines die, stop, stand still and come back.</summary>
internal sealed class MachineFaults(SimCluster world, SimRandom random)
{
    private const long Ms = 1_000_000;

    private bool _over;

    public SimMachine? Any()
    {
        SimMachine machine = random.Pick(world.Machines);
        return machine.Process is null ? null : machine;
    }

    /// <summary>The machine that leads some range.</summary>
    public SimMachine? Leader() => world.LeaderOf(random.Pick(world.Ranges).Id)?.Process.Machine;

    public bool Kill(SimMachine? machine, bool power)
    {
        if (machine is null || _over)
        {
            return false;
        }

        machine.Kill(power, "fault");
        RestartLater(machine);
        return true;
    }

    /// <summary>A process dies and its successor is there before anybody has missed it: what the one asked may be answered to the other.</summary>
    public bool RestartAtOnce()
    {
        if (Any() is not { } machine)
        {
            return false;
        }

        long back = Soon(machine);
        if (random.Coin())
        {
            // And once more, before leaders could confirm what the second one asked: it is the third one's to hear the answers.
            world.Network.LoseRounds(world.Time.Now + back + (700 * Ms));
            world.Time.After(back + random.Between(100 * Ms, 400 * Ms), () => _ = _over ? 0 : Soon(machine));
        }

        return true;
    }

    private long Soon(SimMachine machine)
    {
        machine.Kill(machineToo: false, "restart");
        long back = random.Between(1 * Ms, 40 * Ms);
        world.Time.After(back, () => Restart(machine));
        return back;
    }

    /// <summary>The power goes at one of the next disk operations.</summary>
    public bool CutSoon()
    {
        if (Any() is not { } machine)
        {
            return false;
        }

        machine.Disk.CutAt = random.Between(1, 8);
        RestartLater(machine);
        return true;
    }

    public bool CutEverywhere()
    {
        foreach (SimMachine machine in world.Machines)
        {
            machine.Kill(machineToo: true, "power cut everywhere");
            RestartLater(machine);
        }

        return true;
    }

    public bool StopCleanly()
    {
        if (Any() is not { Process: { IsPaused: false } process } machine)
        {
            return false;
        }

        process.Enter(process.StopCleanly);
        RestartLater(machine);
        return true;
    }

    public bool Pause(SimMachine? machine)
    {
        if (machine?.Process is not { IsPaused: false } process)
        {
            return false;
        }

        world.Trace.Add($"node {machine.Node} is paused");
        process.Pause();
        world.Time.After(Away(), process.Resume);
        return true;
    }

    public void RestartLater(SimMachine machine) => world.Time.After(Away(), () => Restart(machine));

    public void StartAgain()
    {
        foreach (SimMachine machine in world.Machines)
        {
            Restart(machine);
        }
    }

    public void Heal()
    {
        _over = true;
        foreach (SimMachine machine in world.Machines)
        {
            machine.Process?.Resume();
            Restart(machine);
        }
    }

    private static void Restart(SimMachine machine)
    {
        if (machine.Process is null)
        {
            machine.Disk.ProcessDied();
            machine.Start();
        }
    }

    private long Away() => random.Pick([1, 20, 300, 1500, 4000, 10_000]) * Ms + random.Below(500 * Ms);
}
