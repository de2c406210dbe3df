using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

public class ReadViewTests
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp()
    {
        _state = new();
        _state.Do([.. "abcde".Select(c => StateFixture.Put(c.ToString(), $"value {c}"))]);
    }

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_view_stays_as_it_was_while_writes_go_on()
    {
        using IReadView old = _state.State.OpenReadView();
        _state.Do(StateFixture.Put("a", "new"), StateFixture.Put("f", "new"));
        using IReadView young = _state.State.OpenReadView();
        Assert.That((old.Applied.Index.Value, young.Applied.Index.Value), Is.EqualTo((1UL, 2UL)));
        Assert.That(old.TryGet("a"u8, out Row row) ? StateFixture.Text(row.Value) : null, Is.EqualTo("value a"));
        Assert.That(old.TryGet("f"u8, out _), Is.False);
        Assert.That(young.TryGet("f"u8, out _), Is.True);
    }

    [Test]
    public void A_row_tells_version_index_and_expiry()
    {
        _state.DoAt(500, StateFixture.Put("a", "x", 20));
        Row row = _state.Get("a")!.Value;
        Assert.That((StateFixture.Text(row.Key), row.Version, row.Index, row.ExpiresAt), Is.EqualTo(("a", 2UL, 2UL, 520L)));
    }

    [TestCase("", null, 10, 1000, false, "abcde", false, TestName = "All")]
    [TestCase("b", "d", 10, 1000, false, "bc", false, TestName = "End_is_exclusive")]
    [TestCase("", null, 2, 1000, false, "ab", true, TestName = "Limit")]
    [TestCase("d", null, 2, 1000, false, "de", false, TestName = "Limit_with_nothing_left")]
    [TestCase("", null, 2, 1000, true, "ed", true, TestName = "Reverse")]
    [TestCase("b", "d", 1, 1000, true, "c", true, TestName = "Reverse_within_bounds")]
    [TestCase("", null, 10, 1, false, "a", true, TestName = "At_least_one_row")]
    [TestCase("", null, 10, 16, false, "ab", true, TestName = "Bytes_that_fit_exactly")]
    [TestCase("", null, 10, 17, false, "ab", true, TestName = "Bytes_that_would_overflow")]
    [TestCase("d", "b", 10, 1000, false, "", false, TestName = "Turned_around")]
    [TestCase("", "", 10, 1000, false, "", false, TestName = "Empty_end")]
    [TestCase("x", null, 10, 1000, false, "", false, TestName = "Nothing_there")]
    public void A_scan_gives_a_page(string start, string? end, int limit, long bytes, bool reverse, string keys, bool more)
    {
        using IReadView view = _state.State.OpenReadView();
        ReadOnlyMemory<byte>? last = end is null ? (ReadOnlyMemory<byte>?)null : StateFixture.Bytes(end);
        ScanPage page = view.Scan(new(StateFixture.Bytes(start), last, limit, bytes, reverse, false));
        Assert.That(string.Concat(page.Rows.Select(r => StateFixture.Text(r.Key))), Is.EqualTo(keys));
        Assert.That(page.Rows.Select(r => StateFixture.Text(r.Value)), Is.EqualTo(keys.Select(k => $"value {k}")));
        Assert.That(page.More, Is.EqualTo(more));
    }

    [Test]
    public void Keys_only_leaves_the_values_out_but_nothing_else()
    {
        using IReadView view = _state.State.OpenReadView();
        ScanPage page = view.Scan(new("b"u8.ToArray(), null, 1, 1000, false, true));
        Assert.That((page.Rows[0].Value.Length, page.Rows[0].Version, page.More), Is.EqualTo((0, 1UL, true)));
    }

    [Test]
    public void A_view_is_never_older_than_what_was_applied_at_the_call()
    {
        using var stop = new CancellationTokenSource();
        Task writer = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _state.Do(StateFixture.Put("n", "v"));
            }
        });
        try
        {
            Parallel.For(0, 4, _ =>
            {
                for (int i = 0; i < 300; i++)
                {
                    ulong before = _state.State.Applied.Index.Value;
                    using IReadView view = _state.State.OpenReadView();
                    Assert.That(view.Applied.Index.Value, Is.GreaterThanOrEqualTo(before));
                    Assert.That(view.Applied.Index.Value == 1 || view.TryGet("n"u8, out Row row) && row.Index == view.Applied.Index.Value, Is.True, "index and rows are of one transaction");
                }
            });
        }
        finally
        {
            stop.Cancel();
            writer.Wait();
        }
    }

    [Test]
    public void A_view_outlives_the_end_of_its_state_machine()
    {
        using IReadView view = _state.State.OpenReadView();
        _state.State.Dispose();
        Assert.That(view.TryGet("a"u8, out _), Is.True);
        Assert.That(() => _state.State.OpenReadView(), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void A_disposed_view_answers_nothing()
    {
        IReadView view = _state.State.OpenReadView();
        view.Dispose();
        view.Dispose();
        Assert.That(() => view.TryGet("a"u8, out _), Throws.TypeOf<ObjectDisposedException>());
    }
}
