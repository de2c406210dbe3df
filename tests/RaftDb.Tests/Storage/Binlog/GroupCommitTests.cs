using RaftDb.Storage.Binlog.Writing;

namespace RaftDb.Tests.Storage.Binlog;

public class GroupCommitTests
{
    [TestCase(7, 10.0, 0.0, TestName = "Few_writers_never_wait_for_company")]
    [TestCase(50, 0.15, 0.0, TestName = "Nobody_waits_for_company_on_a_fast_disk_and_free_processors")]
    [TestCase(50, 0.6, 1.2, TestName = "Slower_writes_are_shared_by_more")]
    [TestCase(50, 30.0, 2.0, TestName = "A_slow_disk_is_not_made_much_slower")]
    public void Gathering_takes_as_long_as_it_pays(int entries, double usualMilliseconds, double expectedMilliseconds) =>
        Assert.That(
            GroupCommit.Gathering(entries, TimeSpan.FromMilliseconds(usualMilliseconds)),
            Is.EqualTo(TimeSpan.FromMilliseconds(expectedMilliseconds)));

    [Test]
    public void A_shared_write_is_busy_from_its_begin_to_its_end()
    {
        GroupCommit group = new(new WriteQueue(), TimeSpan.FromMinutes(5));
        group.Begin(10);
        Assert.That(group.IsBusy, Is.True);
        group.End();
        Assert.That(group.IsBusy, Is.False);
        group.Begin(1);
        Assert.That(group.IsBusy, Is.False);
    }
}
