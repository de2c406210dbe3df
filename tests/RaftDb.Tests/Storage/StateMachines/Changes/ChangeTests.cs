using RaftDb.Raft;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Storage.StateMachines.Changes;

/// <summary>What is kept for watchers is what was done, on every replica, and it goes when nobody is there.</summary>
[TestFixture(24 << 20, TestName = "ChangeTests_in_memory")]
[TestFixture(1, TestName = "ChangeTests_mostly_in_the_file")]
internal sealed class ChangeTests(int layerBytes)
{
    private StateFixture _state = null!;

    [SetUp]
    public void SetUp() => _state = new(options: new() { LayerBytes = layerBytes });

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void Nothing_is_kept_before_somebody_asks()
    {
        _state.Do(StateFixture.Put("a", "1"));
        Assert.That(Read(0).FirstAfter, Is.EqualTo(LogIndex.Zero));
        Keep(10_000);
        _state.Do(StateFixture.Put("a", "2"));
        Assert.That(Read(0).FirstAfter, Is.EqualTo(new LogIndex(2)), "what went before is not there");
        Assert.That(Show(Read(2)), Is.EqualTo("3.0 a=2 v2!"));
    }

    [Test]
    public void Every_kind_of_operation_tells_what_it_did_and_what_did_nothing_tells_nothing()
    {
        Keep(100_000);
        _state.Do(StateFixture.Put("a", "1"), StateFixture.Put("b", "x", 500), Operation.Increment("a"u8.ToArray(), 4), Operation.Delete("none"u8.ToArray()), Operation.Get("a"u8.ToArray()));
        _state.Do(StateFixture.Put("c", "3"), Operation.Increment("b"u8.ToArray(), 1));
        _state.Apply(new TransactionCommand(
            HybridTimestamp.Of(1000, 0), 1, [new(ConditionKind.Version, "a"u8.ToArray(), 77, default)], [StateFixture.Put("a", "no")], [StateFixture.Put("e", "else")]));
        _state.ExpireAt(1500);
        _state.Do(StateFixture.Put("f", "6"));
        _state.Do(Operation.DeleteRange("a"u8.ToArray(), "f"u8.ToArray(), 10));
        Assert.That(Show(Read(1)), Is.EqualTo("2.0 a=1 v1 | 2.1 b=x v1 | 2.2 a=5 v2! | 4.0 e=else v1! | 5.0 b expired! | 6.0 f=6 v1! | 7.0 a gone | 7.1 e gone!"));
        Assert.That(Show(Read(2, known: 0, start: "b", end: "f")), Is.EqualTo("4.0 e=else v1! | 5.0 b expired! | 7.1 e gone!"));
        Assert.That(Show(Read(1, known: 2)), Does.StartWith("2.2 a=5 v2! | 4.0"), "two changes of entry 2 are known");
    }

    [Test]
    public void Pages_end_at_an_entry_and_go_on_there()
    {
        Keep(100_000);
        for (int i = 0; i < 10; i++)
        {
            _state.Do(StateFixture.Put($"a{i}", "0123456789"), StateFixture.Put($"b{i}", "0123456789"));
        }

        List<Change> all = [];
        LogIndex after = new(1);
        int pages = 0;
        for (ChangePage page; (page = Read(after.Value, maxBytes: 50)).Changes.Count > 0; pages++)
        {
            all.AddRange(page.Changes);
            Assert.That(page.Changes[^1].IsLast);
            after = page.Through;
        }

        Assert.That((all.Count, pages), Is.EqualTo((20, 4)));
        Assert.That(after, Is.EqualTo(_state.State.Applied.Index));
    }

    [Test]
    public void When_nobody_asks_again_in_time_everything_goes_at_the_next_entry()
    {
        Keep(2000);
        _state.DoAt(1500, StateFixture.Put("a", "1"));
        Keep(3000, at: 1600);
        _state.DoAt(3000, StateFixture.Put("a", "2"));
        Assert.That(Read(1).Changes, Has.Count.EqualTo(2));
        _state.DoAt(3001, StateFixture.Put("a", "3"));
        Assert.That(Read(1).FirstAfter, Is.EqualTo(LogIndex.Zero));
        Keep(9000, at: 3002);
        _state.DoAt(3003, StateFixture.Put("a", "4"));
        Assert.That(Read(4).FirstAfter, Is.EqualTo(new LogIndex(6)), "there is a gap");
        Assert.That(Show(Read(6)), Is.EqualTo("7.0 a=4 v4!"));
    }

    [Test]
    public void Changes_survive_restarts_and_go_along_in_snapshots()
    {
        Keep(100_000);
        _state.Do(StateFixture.Put("a", "1"));
        _state.Reopen();
        _state.Do(StateFixture.Put("a", "2"));
        const string Both = "2.0 a=1 v1! | 3.0 a=2 v2!";
        Assert.That(Show(Read(1)), Is.EqualTo(Both));

        using StateFixture target = new();
        using ISnapshotSource snapshot = _state.State.BeginSnapshot();
        using ISnapshotSink sink = target.Store.BeginReceive(StateFixture.Range);
        byte[] bytes = new byte[snapshot.Header.Length];
        Assert.That(snapshot.Read(bytes, 0), Is.EqualTo(bytes.Length));
        sink.Write(bytes);
        (IStateMachine copy, _) = sink.Complete(snapshot.Header);
        sink.Keep();
        using (copy)
        {
            Assert.That(Show(Read(1, of: copy)), Is.EqualTo(Both));
            copy.Apply([StateFixture.EntryOf(4, new TransactionCommand(HybridTimestamp.Of(1000, 0), 1, [], [StateFixture.Put("a", "3")], []))], [], []);
            Assert.That(Show(Read(3, of: copy)), Is.EqualTo("4.0 a=3 v3!"));
        }
    }

    [Test]
    public void A_repetition_in_a_session_is_no_change()
    {
        Keep(100_000);
        TransactionCommand once = new(
            HybridTimestamp.Of(1000, 0), 1, [], [Operation.Increment("n"u8.ToArray(), 1)], [], new RaftDb.Storage.StateMachines.Sessions.SessionWrite(new(5), 1, 0));
        _state.Apply(once);
        _state.Apply(once);
        Assert.That(Show(Read(1)), Is.EqualTo("2.0 n=1 v1!"));
    }

    [Test]
    public void Changes_told_from_any_index_on_lead_to_the_state()
    {
        int seed = TestSeed.Draw();
        TestContext.Out.WriteLine($"SEED={seed}");
        RandomCommands commands = new(seed);
        Keep(1_000_000);
        Dictionary<string, string> follower = new(StringComparer.Ordinal);
        ulong seen = 1;
        for (int i = 0; i < 600; i++)
        {
            _state.Apply(commands.Next());
            if (commands.Below(10) == 0)
            {
                ChangePage page = Read(seen);
                foreach (Change change in page.Changes)
                {
                    Assert.That(change.Index.Value, Is.GreaterThan(seen), $"SEED={seed}");
                    string key = StateFixture.Text(change.Key);
                    if (change.Value is { } value)
                    {
                        follower[key] = $"{StateFixture.Text(value)} v{change.Version}";
                    }
                    else
                    {
                        Assert.That(follower.Remove(key), $"SEED={seed} {key} was told to go and was not there");
                    }
                }

                seen = page.Through.Value;
                Assert.That(Dump(follower), Is.EqualTo(Dump(Rows())), $"SEED={seed} at {seen}");
            }
        }
    }

    private static string Dump(Dictionary<string, string> rows) => string.Join('\n', rows.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}={r.Value}"));

    private static string Show(ChangePage page) => string.Join(" | ", page.Changes.Select(c =>
        $"{c.Index}.{c.Ordinal} {StateFixture.Text(c.Key)}{(c.Value is { } value ? $"={StateFixture.Text(value)} v{c.Version}" : c.IsExpiry ? " expired" : " gone")}{(c.IsLast ? "!" : "")}"));

    private Dictionary<string, string> Rows()
    {
        using IReadView view = _state.State.OpenReadView();
        return view.Scan(new(default, null, int.MaxValue, long.MaxValue, false, false)).Rows
            .ToDictionary(r => StateFixture.Text(r.Key), r => $"{StateFixture.Text(r.Value)} v{r.Version}", StringComparer.Ordinal);
    }

    private void Keep(long until, long at = 1000) => _state.Apply(new KeepChangesCommand(HybridTimestamp.Of(at, 0), 1, until));

    private ChangePage Read(ulong after, uint known = 0, string start = "", string? end = null, int maxBytes = 1 << 20, IStateMachine? of = null)
    {
        using IReadView view = (of ?? _state.State).OpenReadView();
        return view.Changes(new(new(after), known, StateFixture.Bytes(start), end is null ? (ReadOnlyMemory<byte>?)null : StateFixture.Bytes(end), maxBytes));
    }
}
