using RaftDb.Raft;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Fault model of nodes and of what they learn about each other: crashes and restarts, pauses, partitions of all kinds, signals of lost
/// processes (never a false one), suspicions (also false ones).</summary>
internal sealed class SimFaults(SimWorld world, SeededRandom random)
{
    private const long Ms = 1_000_000;
    private const long SuspectEvery = 500 * Ms;

    private readonly Dictionary<(ReplicaId, ReplicaId), long> _unreachableSince = [];

    public bool AreOver { get; private set; }

    public void Begin()
    {
        Repeat(world.Swarm.CrashEvery, CrashSome);
        Repeat(world.Swarm.PauseEvery, PauseOne);
        Repeat(world.Swarm.PartitionEvery, Partition);
        world.Time.After(SuspectEvery, Suspect);
    }

    /// <summary>Everything works from now on.</summary>
    public void End()
    {
        AreOver = true;
        world.Network.Calm();
        foreach (var node in world.Nodes)
        {
            if (node.IsPaused)
            {
                node.Resume();
            }

            if (node.Process is null)
            {
                node.Start();
            }
        }
    }

    private void Repeat(long every, Action action)
    {
        if (every == 0)
        {
            return;
        }

        world.Time.After(random.Between(1, 2 * every), () =>
        {
            if (!AreOver)
            {
                action();
                Repeat(every, action);
            }
        });
    }

    private void CrashSome()
    {
        if (random.Chance(50))
        {
            foreach (var node in world.Nodes)
            {
                Crash(node);
            }

            return;
        }

        Crash(random.Chance(500) && world.Nodes.FirstOrDefault(node => node.Raft?.Role == Role.Leader) is { } leader
            ? leader
            : random.Pick(world.Nodes));
    }

    private void Crash(SimNode node)
    {
        if (node.Process is null)
        {
            return;
        }

        world.Marks.Hit(node.Raft?.Role == Role.Leader ? "crashes of leaders" : "crashes");
        node.Crash();
        TellOthers(node);
        world.Time.After(random.Chance(300) ? random.Between(1 * Ms, 50 * Ms) : random.Between(50 * Ms, 4_000 * Ms), () =>
        {
            if (node.Process is null)
            {
                node.Start();
            }
        });
    }

    /// <summary>Sockets of a dead process close, where the network lets that through.</summary>
    private void TellOthers(SimNode lost)
    {
        foreach (var other in world.Nodes)
        {
            if (other.Process is not null && !world.Network.IsCut(lost.Id, other.Id) && !world.Network.IsCut(other.Id, lost.Id) &&
                random.Chance(world.Swarm.ProcessLostPermille))
            {
                other.After(random.Between(1 * Ms, 5 * Ms), () => other.Post(new Input.ProcessLost(lost.Id)));
            }
        }
    }

    private void PauseOne()
    {
        var node = random.Pick(world.Nodes);
        if (node.Process is null || node.IsPaused)
        {
            return;
        }

        world.Marks.Hit("pauses");
        node.Pause();
        var incarnation = node.Incarnation;
        world.Time.After(random.Between(20 * Ms, 4_000 * Ms), () =>
        {
            if (node.IsPaused && node.Incarnation == incarnation)
            {
                node.Resume();
            }
        });
    }

    private void Partition()
    {
        world.Network.Join();
        world.Marks.Hit("partitions");
        var kind = random.Below(6);
        var one = random.Pick(world.Nodes);
        var two = random.Pick(world.Nodes);
        foreach (var a in world.Nodes)
        {
            foreach (var b in world.Nodes)
            {
                var cut = kind switch
                {
                    0 => false,
                    1 => a == one != (b == one),
                    2 => a == one && b != one,
                    3 => b == one && a != one,
                    4 => (a == one && b == two) || (a == two && b == one),
                    _ => a.Id.Value % 2 != b.Id.Value % 2,
                };
                if (cut)
                {
                    world.Network.Cut(a.Id, b.Id);
                }
            }
        }

        world.Trace.Add($"partition {kind} around {one.Id}");
    }

    /// <summary>The failure detector between nodes: a quiet group relies on it.</summary>
    private void Suspect()
    {
        foreach (var a in world.Nodes)
        {
            foreach (var b in world.Nodes)
            {
                var reachable = b.Process is not null && !b.IsPaused && !world.Network.IsCut(b.Id, a.Id);
                if (reachable)
                {
                    _unreachableSince.Remove((a.Id, b.Id));
                }
                else
                {
                    _unreachableSince.TryAdd((a.Id, b.Id), world.Time.Now);
                }

                var suspected = !reachable && world.Time.Now - _unreachableSince[(a.Id, b.Id)] >= 2 * SuspectEvery;
                if (a != b && !a.IsPaused && (suspected || (!AreOver && random.Chance(3))))
                {
                    a.Post(new Input.Suspected(b.Id));
                }
            }
        }

        world.Time.After(SuspectEvery, Suspect);
    }
}
