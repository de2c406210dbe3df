using RaftDb.Cli.Drills;

namespace RaftDb.Tests.Cli;

internal sealed class RegisterCheckTests
{
    [Test]
    public void A_read_behind_an_acknowledged_write_is_stale()
    {
        RegisterCheck check = new();
        check.Acknowledged(5);
        long floor = check.Begin();

        check.Read(node: 2, value: 4, floor);

        Assert.That(check.Violations.Single(), Does.Contain("node 2").And.Contain("5 had been seen"));
    }

    [Test]
    public void A_read_behind_another_nodes_earlier_read_is_stale()
    {
        RegisterCheck check = new();
        check.Read(node: 1, value: 7, check.Begin());

        check.Read(node: 2, value: 6, check.Begin());

        Assert.That(check.Violations, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_read_that_began_before_the_newer_value_was_seen_may_miss_it()
    {
        RegisterCheck check = new();
        long before = check.Begin();
        check.Acknowledged(5);

        check.Read(node: 1, value: 0, before);

        Assert.That(check.Violations, Is.Empty);
        Assert.That(check.Begin(), Is.EqualTo(5), "an older value does not lower what later reads must see");
    }
}
