using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace RaftDb.ClusterTests;

/// <summary>Replicas whose files were damaged while their node was stopped come back without anybody's help, equal to the others.</summary>
[NonParallelizable]
internal sealed class RepairTests
{
    private const ulong Range = 2;
    private const int Node = 2;

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-repair-").FullName;
    private ThreeNodes _nodes = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _nodes = new ThreeNodes(Path.Combine(_directory, TestContext.CurrentContext.Test.ID));
        await _nodes.StartAllAsync();
        await _nodes.PutManyAsync(1000);
    }

    [TearDown]
    public void Stop() => _nodes.Dispose();

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task F6_G2_a_replica_with_a_damaged_log_or_state_file_is_rebuilt_by_itself()
    {
        ulong first = await _nodes.ReplicaOnAsync(Range, Node);
        await WhileStoppedAsync(() => Flip(Directory.GetFiles(Path.Combine(_nodes.Data(Node), "binlog"), "*.binlog").Order(StringComparer.Ordinal).First()));
        ulong second = await _nodes.RebuiltAsync(Range, Node, first);
        Assert.That(_nodes.Output(Node), Does.Contain("is not used: Its log is suspect"));
        await AllAreEqualAsync();

        // Writes go on, and the next damage is another file's.
        await _nodes.PutAsync("after", "the first damage");
        await WhileStoppedAsync(() =>
        {
            string file = StateFile();
            byte[] bytes = File.ReadAllBytes(file);
            bytes.AsSpan(0, 64).Fill(0x5A);
            File.WriteAllBytes(file, bytes);
            File.Delete(file + "-wal");
        });
        ulong third = await _nodes.RebuiltAsync(Range, Node, second);
        Assert.That(third, Is.GreaterThan(second), "no id comes twice");
        await AllAreEqualAsync();
        (int exitCode, string value, string error) = await Raftdb.RunAsync("get", "after", "--consistency", "eventual", "--replica", $"{Node}", "--server", _nodes.Server(Node));
        Assert.That((exitCode, value.Trim()), Is.EqualTo((0, "the first damage")), error);
    }

    [Test]
    public async Task H6_a_row_that_was_changed_silently_is_named_and_its_replica_is_quarantined_and_rebuilt()
    {
        ulong first = await _nodes.ReplicaOnAsync(Range, Node);
        await AllAreEqualAsync();
        await WhileStoppedAsync(() =>
        {
            SQLitePCL.Batteries_V2.Init();
            using SqliteConnection connection = new($"Data Source={StateFile()};Pooling=False");
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE raftdb_kv SET value = x'00' WHERE key = (SELECT key FROM raftdb_kv ORDER BY key LIMIT 1 OFFSET 700)";
            Assert.That(command.ExecuteNonQuery(), Is.EqualTo(1));
        });
        await _nodes.RebuiltAsync(Range, Node, 0);

        (int exitCode, JsonElement check) = await ThreeNodes.CheckAsync(_nodes.Server(3));
        Assert.That(exitCode, Is.EqualTo(1), check.GetRawText());
        JsonElement range = check.GetProperty("ranges").EnumerateArray().Single(r => r.GetProperty("range").GetUInt64() == Range);
        Assert.That(range.GetProperty("verdict").GetString(), Is.EqualTo("differs"), check.GetRawText());
        JsonElement wrong = range.GetProperty("replicas").EnumerateArray().Single(r => r.GetProperty("verdict").GetString() == "differs");
        Assert.That((wrong.GetProperty("node").GetInt32(), wrong.GetProperty("replica").GetUInt64()), Is.EqualTo((Node, first)));
        Assert.That(wrong.GetProperty("detail").GetString(), Does.Contain("it is quarantined"));
        JsonElement named = wrong.GetProperty("differs").EnumerateArray().Single();
        Assert.That(InInterval("key-0700", named), named.GetRawText());

        await _nodes.RebuiltAsync(Range, Node, first);
        await AllAreEqualAsync();
    }

    private static bool InInterval(string key, JsonElement interval) =>
        (interval.GetProperty("start").GetString() is not { } start || string.CompareOrdinal(start, key) <= 0)
        && (interval.GetProperty("end").GetString() is not { } end || string.CompareOrdinal(key, end) < 0);

    /// <summary>Flips bits in the middle of what was written.</summary>
    private static void Flip(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0);
        for (int i = end / 2; i < (end / 2) + 100; i++)
        {
            bytes[i] ^= 0x5A;
        }

        File.WriteAllBytes(file, bytes);
    }

    private string StateFile() => Directory.GetFiles(Path.Combine(_nodes.Data(Node), "ranges", $"{Range}"), "state-*.db").Single();

    private async Task WhileStoppedAsync(Action damage)
    {
        await _nodes.StopAsync(Node);
        damage();
        _nodes.Start(Node);
        await _nodes.ReadyAsync(Node);
    }

    private async Task AllAreEqualAsync()
    {
        (int exitCode, JsonElement check) = await ThreeNodes.CheckAsync(_nodes.Server(1));
        Assert.That((exitCode, check.GetProperty("equal").GetBoolean()), Is.EqualTo((0, true)), check.GetRawText());
        foreach (JsonElement range in check.GetProperty("ranges").EnumerateArray())
        {
            JsonElement[] replicas = [.. range.GetProperty("replicas").EnumerateArray()];
            Assert.That(replicas.Select(r => r.GetProperty("digest").GetString()).Distinct().Count(), Is.EqualTo(1), range.GetRawText());
            Assert.That(replicas, Has.Length.EqualTo(3));
        }
    }
}
