using RaftDb.Server.Hosting;

namespace RaftDb.Tests.Server.Hosting;

/// <summary>A node must never fail to start because of a rehearsal.</summary>
public class RehearsalTests
{
    [Test]
    public void The_rehearsal_of_a_failover_ends_with_a_leader_every_time()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.That(Rehearsal.Run, Throws.Nothing);
        }
    }

    [Test]
    public void The_rehearsal_of_a_request_ends_with_its_answer() => Assert.That(async () => await ApiRehearsal.RunAsync(), Throws.Nothing);
}
