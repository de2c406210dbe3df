using RaftDb.Raft.Log;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Tests.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>Whatever a crash leaves of the WAL, the state opens at some applied index, never between two, and the log brings it to the same digest.</summary>
[TestFixture(false, TestName = "CrashTests_without_sessions")]
[TestFixture(true, TestName = "CrashTests_with_sessions")]
public class CrashTests(bool inSessions)
{
    private const int WalHeader = 32;
    private const int FrameHeader = 24;
    private StateFixture _state = null!;
    private Entry[] _log = null!;
    private RangeCheckpoint _durable = null!;

    [SetUp]
    public void SetUp()
    {
        var commands = new RandomCommands(7);
        var sessions = new RandomSessions(7);
        _log = [.. Enumerable.Range(1, 120).Select(i => StateFixture.EntryOf((ulong)i, inSessions ? sessions.Next() : commands.Next()))];
        _state = new(options: new() { PageBytes = 1024, LayerBytes = 1 });
        ApplyTo(_state.State, _log[..50], 10);
        _durable = _state.State.Checkpoint()!;
        ApplyTo(_state.State, _log[50..], 10);
    }

    [TearDown]
    public void TearDown() => _state.Dispose();

    [Test]
    public void A_wal_cut_at_every_frame_and_within_replays_to_the_same_digest()
    {
        StateDigest whole = _state.State.ComputeDigest(default);
        byte[] database = Read("");
        byte[] wal = Read("-wal");
        int frame = FrameHeader + 1024;
        int frames = (wal.Length - WalHeader) / frame;
        Assert.That(frames, Is.GreaterThan(20), "otherwise this tests nothing");
        var seen = new SortedSet<ulong>();
        for (int i = 0; i <= frames; i++)
        {
            foreach (int extra in (int[])[0, 13, frame / 2])
            {
                int length = Math.Min(WalHeader + (i * frame) + extra, wal.Length);
                seen.Add(Recover(database, wal[..length], whole, $"cut at frame {i} of {frames} + {extra}"));
            }
        }

        Recover(database, [], whole, "no WAL at all");
        Assert.That(seen, Is.EqualTo((ulong[])[50, 60, 70, 80, 90, 100, 110, 120]), "only borders of batches");
    }

    [Test]
    public void A_damaged_frame_ends_the_wal_before_its_transaction()
    {
        StateDigest whole = _state.State.ComputeDigest(default);
        byte[] database = Read("");
        byte[] wal = Read("-wal");
        for (int at = WalHeader + 5; at < wal.Length; at += 997)
        {
            byte[] damaged = [.. wal];
            damaged[at] ^= 0x40;
            Recover(database, damaged, whole, $"flip at {at}");
        }
    }

    [Test]
    public void A_crash_amid_writing_back_loses_nothing_because_the_wal_is_still_whole()
    {
        StateDigest whole = _state.State.ComputeDigest(default);
        byte[] before = Read("");
        byte[] wal = Read("-wal");
        Assert.That(_state.State.Checkpoint(), Is.Not.Null);
        byte[] after = Read("");
        var random = new Random(11);
        for (int run = 0; run < 20; run++)
        {
            byte[] mixed = new byte[Math.Max(before.Length, after.Length)];
            for (int page = 0; page < mixed.Length; page += 1024)
            {
                byte[] source = page >= before.Length || (page < after.Length && random.Next(2) == 0) ? after : before;
                source.AsSpan(page, 1024).CopyTo(mixed.AsSpan(page));
            }

            Assert.That(Recover(mixed, wal, whole, $"mix {run}"), Is.EqualTo(120));
        }
    }

    private ulong Recover(byte[] database, byte[] wal, StateDigest whole, string what)
    {
        string data = Directory.CreateTempSubdirectory("raftdb-crash-").FullName;
        try
        {
            string directory = Directory.CreateDirectory(Path.Combine(data, "ranges", StateFixture.Range.ToString())).FullName;
            File.WriteAllBytes(Path.Combine(directory, _state.State.FileName), database);
            File.WriteAllBytes(Path.Combine(directory, _state.State.FileName + "-wal"), wal);
            using IStateMachine recovered = new SqliteStateMachineStore(data, new StateMachineOptions()).Open(StateFixture.Range, _durable);
            ulong applied = recovered.Applied.Index.Value;
            ApplyTo(recovered, _log[(int)applied..], 25);
            Assert.That(recovered.ComputeDigest(default), Is.EqualTo(whole), what);
            return applied;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static void ApplyTo(IStateMachine state, Entry[] entries, int batch)
    {
        foreach (Entry[] chunk in entries.Chunk(batch))
        {
            state.Apply(chunk, [], []);
        }
    }

    // SQLite holds locks on these files; it is enough that nobody writes just now.
    private byte[] Read(string suffix)
    {
        using var file = new FileStream(_state.StatePath + suffix, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
