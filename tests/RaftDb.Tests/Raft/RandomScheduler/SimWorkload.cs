using System.Buffers.Binary;
using RaftDb.Raft;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What clients and operators ask of the group.</summary>
internal sealed class SimWorkload(SimWorld world, SeededRandom random)
{
    private readonly ChangeGenerator _changes = new(world, random.Split());
    private ulong _command;
    private bool _over;

    public void Begin()
    {
        Repeat(world.Swarm.ProposeEvery, Propose);
        Repeat(world.Swarm.ReadEvery, Read);
        Repeat(world.Swarm.ChangeEvery, Change);
        Repeat(world.Swarm.TransferEvery, Transfer);
        Repeat(world.Swarm.CompactEvery, Compact);
        Repeat(world.Swarm.TransferEvery, Campaign);
        Repeat(world.Swarm.ReadEvery, AskForReports);
    }

    public void End() => _over = true;

    /// <summary>A command unlike any other.</summary>
    public byte[] NewCommand(int extraBytes)
    {
        var command = new byte[8 + extraBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(command, ++_command);
        return command;
    }

    private void Repeat(long every, Action action)
    {
        if (every == 0)
        {
            return;
        }

        world.Time.After(random.Between(1, 2 * every), () =>
        {
            if (!_over)
            {
                action();
                Repeat(every, action);
            }
        });
    }

    private void Propose()
    {
        var commands = new List<ReadOnlyMemory<byte>>();
        for (var count = random.Below(6) + 1; count > 0; count--)
        {
            commands.Add(NewCommand(random.Chance(50) ? random.Below(600) : random.Below(30)));
        }

        Target().Post(new Input.Propose(commands));
    }

    private void Read()
    {
        var node = Target();
        if (node.Process is not null)
        {
            node.Post(world.Checks.Reads.Ask(node.Id));
        }
    }

    private void Change()
    {
        var node = Target();
        if (node.Raft is { } raft)
        {
            node.Post(new Input.ProposeConfigurationChange(_changes.Next(raft.Configuration)));
        }
    }

    private void Transfer()
    {
        var node = Target();
        if (node.Raft is { } raft)
        {
            var to = random.Pick(world.Nodes).Id;
            world.Trace.Add($"transfer at {node.Id} to {to}");
            node.Post(new Input.TransferLeadership(to));
        }
    }

    /// <summary>An operator's impatience: any node may be told to campaign.</summary>
    private void Campaign()
    {
        if (random.Chance(300))
        {
            random.Pick(world.Nodes).Post(new Input.Campaign());
        }
    }

    private void AskForReports()
    {
        var node = Target();
        if (node.Raft is { } raft)
        {
            node.Post(new Input.RequestAppliedReports(raft.Last.Index));
        }
    }

    private void Compact()
    {
        var node = random.Pick(world.Nodes);
        if (node is { Process: { } process, IsPaused: false })
        {
            process.Compact();
        }
    }

    /// <summary>Mostly a leader (there may be several that think so), sometimes anybody.</summary>
    private SimNode Target()
    {
        var leaders = world.Nodes.Where(node => node.Raft?.Role == Role.Leader).ToList();
        return leaders.Count > 0 && random.Chance(850) ? random.Pick(leaders) : random.Pick(world.Nodes);
    }
}
