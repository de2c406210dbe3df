using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Faults;

/// <summary>Cuts the network in pieces, and heals it after a while.</summary>
internal sealed class NetworkActions(SimCluster world, SimRandom random)
{
    private const long Ms = 1_000_000;

    private int _generation;

    public bool Do(FaultKind kind)
    {
        int count = world.Machines.Count;
        if (count < 2)
        {
            return false;
        }

        world.Trace.Add($"network: {kind}");
        int[] groups = new int[count];
        switch (kind)
        {
            case FaultKind.Partition:
                for (int i = 0; i < count; i++)
                {
                    groups[i] = random.Below(random.Between(2, 3));
                }

                world.Network.Partition(groups);
                break;
            case FaultKind.IsolateLeader:
                if (world.LeaderOf(random.Pick(world.Ranges).Id) is not { } leader)
                {
                    return false;
                }

                groups[leader.Process.Machine.Index] = 1;
                world.Network.Partition(groups);
                break;
            case FaultKind.Bridge:
                for (int i = 0; i < count; i++)
                {
                    groups[i] = i % 2;
                }

                random.Shuffle(groups);
                groups[random.Below(count)] = -1;
                world.Network.Partition(groups);
                break;
            case FaultKind.LateAnswers:
                // Nobody hears the leader any more, and what they answered before comes to it only now.
                if (world.LeaderOf(random.Pick(world.Ranges).Id) is not { } deaf)
                {
                    return false;
                }

                int mute = deaf.Process.Machine.Index;
                long timeout = world.Swarm.Raft.ElectionTimeout.Ticks * 100;
                long until = world.Time.Now + (timeout * random.Between(30, 95) / 100);
                for (int other = 0; other < count; other++)
                {
                    if (other != mute)
                    {
                        world.Network.Clog(other, mute, until);
                    }
                }

                world.Time.After(random.Between(0, 20 * Ms), () => CutFrom(mute));

                // Of what comes after them, that another leads by now, it hears nothing.
                world.Time.After(until - world.Time.Now + (2 * Ms), () => CutTo(mute));
                break;
            case FaultKind.Ring:
                world.Network.Ring();
                break;
            case FaultKind.OneWay:
                int one = random.Below(count);
                bool sends = random.Coin();
                for (int other = 0; other < count; other++)
                {
                    if (other != one && random.Chance(700_000))
                    {
                        world.Network.Cut(sends ? one : other, sends ? other : one);
                    }
                }

                break;
            default:
                int from = random.Below(count);
                int to = (from + random.Between(1, count - 1)) % count;
                world.Network.Clog(from, to, world.Time.Now + random.Between(10 * Ms, 3000 * Ms));
                return true;
        }

        HealLater();
        return true;
    }

    /// <summary>Nobody hears this machine.</summary>
    private void CutFrom(int mute)
    {
        for (int other = 0; other < world.Machines.Count; other++)
        {
            world.Network.Cut(mute, other);
        }
    }

    /// <summary>This machine hears nobody.</summary>
    private void CutTo(int deaf)
    {
        for (int other = 0; other < world.Machines.Count; other++)
        {
            world.Network.Cut(other, deaf);
        }
    }

    private void HealLater()
    {
        int generation = ++_generation;
        world.Time.After(random.Pick([100, 800, 2500, 8000]) * Ms, () =>
        {
            if (generation == _generation)
            {
                world.Trace.Add("network: healed");
                world.Network.Heal();
            }
        });
    }
}
