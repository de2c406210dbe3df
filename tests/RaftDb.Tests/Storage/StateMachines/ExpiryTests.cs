using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

public class ExpiryTests
{
    private StateFixture _state = null!;

    private long? Earliest => _state.State.EarliestExpiry?.Milliseconds;

    [SetUp]
    public void SetUp() => _state = new();

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_key_is_visible_until_an_expiry_is_applied_whatever_the_time()
    {
        _state.DoAt(1000, StateFixture.Put("k", "v", 50));
        _state.DoAt(9000, StateFixture.Put("other", "v"));
        Assert.That(_state.Get("k")!.Value.ExpiresAt, Is.EqualTo(1050));
        Assert.That(_state.ExpireAt(1049).Results[0].Count, Is.Zero);
        Assert.That(_state.ExpireAt(1050).Results[0].Count, Is.EqualTo(1));
        Assert.That(_state.Dump(), Is.EqualTo("other=v"));
    }

    [Test]
    public void The_earliest_go_first_and_then_in_key_order_up_to_the_limit()
    {
        _state.DoAt(1000, StateFixture.Put("d", "v", 10), StateFixture.Put("c", "v", 20), StateFixture.Put("a", "v", 20), StateFixture.Put("b", "v", 20), StateFixture.Put("z", "v", 5000));
        OperationResult first = _state.ExpireAt(2000, 2).Results[0];
        Assert.That((first.Count, first.More), Is.EqualTo((2, true)));
        Assert.That(_state.Dump(), Is.EqualTo("b=v c=v z=v"));
        OperationResult second = _state.ExpireAt(2000, 2).Results[0];
        Assert.That((second.Count, second.More), Is.EqualTo((2, false)), "the limit was reached, but nothing more is due");
        Assert.That(_state.Dump(), Is.EqualTo("z=v"));
    }

    [Test]
    public void The_earliest_expiry_follows_every_change()
    {
        Assert.That(Earliest, Is.Null);
        _state.DoAt(1000, StateFixture.Put("a", "v", 500));
        Assert.That(Earliest, Is.EqualTo(1500));
        _state.DoAt(1000, StateFixture.Put("b", "v", 300));
        Assert.That(Earliest, Is.EqualTo(1300));
        _state.DoAt(1000, StateFixture.Put("b", "v", 900));
        Assert.That(Earliest, Is.EqualTo(1500), "put replaces the TTL");
        _state.DoAt(1000, Operation.Delete("a"u8.ToArray()));
        Assert.That(Earliest, Is.EqualTo(1900));
        _state.Reopen();
        Assert.That(Earliest, Is.EqualTo(1900), "after a restart");
        _state.DoAt(1000, StateFixture.Put("b", "v"));
        Assert.That(Earliest, Is.Null, "put without a TTL");
        _state.DoAt(1000, StateFixture.Put("c", "v", 100), StateFixture.Put("d", "v", 200));
        _state.DoAt(1000, Operation.DeleteRange("c"u8.ToArray(), "d"u8.ToArray(), 5));
        Assert.That(Earliest, Is.EqualTo(1200));
        _state.ExpireAt(5000);
        Assert.That(Earliest, Is.Null);
    }

    [Test]
    public void A_rejected_transaction_leaves_the_earliest_expiry_alone()
    {
        _state.DoAt(1000, StateFixture.Put("a", "v", 500), StateFixture.Put("n", "x"));
        _state.DoAt(1000, Operation.Delete("a"u8.ToArray()), StateFixture.Put("b", "v", 1), Operation.Increment("n"u8.ToArray(), 1));
        Assert.That(Earliest, Is.EqualTo(1500));
        Assert.That(_state.Dump(), Is.EqualTo("a=v n=x"));
    }

    [Test]
    public void An_absurd_ttl_in_the_log_ends_at_the_last_time_and_not_in_the_past()
    {
        _state.DoAt(1000, StateFixture.Put("a", "v", long.MaxValue));
        Assert.That(_state.Get("a")!.Value.ExpiresAt, Is.EqualTo((1L << 48) - 1));
    }

    [Test]
    public void An_expiry_without_a_limit_is_rejected() =>
        Assert.That(_state.Apply(new ExpireCommand(HybridTimestamp.Of(1, 0), 1, 0)).Status, Is.EqualTo(CommandStatus.Rejected));
}
