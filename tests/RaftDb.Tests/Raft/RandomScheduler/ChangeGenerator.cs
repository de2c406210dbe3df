using RaftDb.Raft.Membership;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Draws changes of membership: one voter, learners, promotion and demotion, several at once, and ones that make no sense.</summary>
internal sealed class ChangeGenerator(SimWorld world, SeededRandom random)
{
    private const int MostVoters = 7;

    public ConfigurationChange Next(Configuration current)
    {
        if (current.IsJoint && random.Chance(800))
        {
            return ConfigurationChange.LeaveJoint;
        }

        var changes = new List<ReplicaChange>();
        for (var count = random.Pick([1, 1, 1, 2, 2, 3]); count > 0; count--)
        {
            changes.Add(One(current));
        }

        return new(changes, random.Pick(
        [
            ConfigurationTransition.Auto, ConfigurationTransition.Auto, ConfigurationTransition.Auto,
            ConfigurationTransition.JointAutoLeave, ConfigurationTransition.JointExplicitLeave,
        ]));
    }

    private ReplicaChange One(Configuration current)
    {
        var outsiders = world.Nodes.Where(node => !current.Contains(node.Id)).ToList();
        switch (random.Below(6))
        {
            case 0 or 1 when current.Voters.Count < MostVoters && (outsiders.Count > 0 || world.CanAddNode):
                var newcomer = outsiders.Count > 0 && random.Chance(500) ? random.Pick(outsiders) : null;
                newcomer ??= world.CanAddNode ? world.AddNewcomer() : random.Pick(outsiders);
                return new(random.Chance(500) ? ConfigurationChangeKind.AddLearner : ConfigurationChangeKind.AddVoter, newcomer.Id);
            case 2 when current.Learners.Count > 0:
                return new(ConfigurationChangeKind.AddVoter, random.Pick(current.Learners));
            case 3 when current.Voters.Count > 2:
                return new(ConfigurationChangeKind.AddLearner, random.Pick(current.Voters));
            case 4 when current.Voters.Count > 2:
                return new(ConfigurationChangeKind.Remove, random.Pick(current.Voters));
            case 5 when current.Learners.Count > 0:
                return new(ConfigurationChangeKind.Remove, random.Pick(current.Learners));
            default:
                return new((ConfigurationChangeKind)random.Between(1, 3), random.Pick(world.Nodes).Id);
        }
    }
}
