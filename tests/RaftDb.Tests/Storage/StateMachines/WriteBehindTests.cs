using System.Text;
using RaftDb.Storage.StateMachines.Sqlite;

namespace RaftDb.Tests.Storage.StateMachines;

[Platform("Linux")]
public class WriteBehindTests
{
    private string _path = "";

    [SetUp]
    public void MakePath() => _path = Path.Combine(Directory.CreateTempSubdirectory("raftdb-").FullName, "file");

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Test]
    public void A_file_that_is_open_is_found_and_known_the_next_time()
    {
        using FileStream file = File.Create(_path);
        int descriptor = WriteBehind.Begin(Utf8(_path), 0);

        Assert.That(descriptor, Is.EqualTo((int)file.SafeFileHandle.DangerousGetHandle()));
        Assert.That(WriteBehind.Begin(Utf8(_path), descriptor), Is.EqualTo(descriptor));
    }

    [Test]
    public void A_number_that_has_become_another_files_is_not_taken_for_the_files()
    {
        using FileStream other = File.Create(_path + "-other");
        using FileStream file = File.Create(_path);

        Assert.That(
            WriteBehind.Begin(Utf8(_path), (int)other.SafeFileHandle.DangerousGetHandle()),
            Is.EqualTo((int)file.SafeFileHandle.DangerousGetHandle()));
    }

    [Test]
    public void A_file_that_is_not_open_is_not_found()
    {
        File.WriteAllText(_path, "");
        Assert.That(WriteBehind.Begin(Utf8(_path), 0), Is.Negative);
    }

    [Test]
    public void A_file_that_was_not_found_is_not_looked_for_again()
    {
        using FileStream file = File.Create(_path);
        Assert.That(WriteBehind.Begin(Utf8(_path), -1), Is.Negative);
    }

    [Test]
    public void A_file_in_a_directory_that_is_a_link_is_found()
    {
        string link = Path.GetDirectoryName(_path) + "-link";
        Directory.CreateSymbolicLink(link, Path.GetDirectoryName(_path)!);
        try
        {
            using FileStream file = File.Create(_path);
            Assert.That(
                WriteBehind.Begin(Utf8(Path.Combine(link, Path.GetFileName(_path))), 0),
                Is.EqualTo((int)file.SafeFileHandle.DangerousGetHandle()));
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    [Test]
    public void What_goes_through_SQLite_in_many_pieces_is_there_and_good()
    {
        using (SqliteDatabase database = new(_path, SqliteAccess.Create))
        {
            database.Execute("PRAGMA page_size = 8192");
            database.Execute("PRAGMA journal_mode = WAL");
            database.Execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)");
            database.Execute(
                $"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {3 * WriteBehind.PieceBytes / 4000}) INSERT INTO t SELECT k, zeroblob(4000) FROM n");
            database.Checkpoint(SqliteNative.CheckpointTruncate);
        }

        using SqliteDatabase again = new(_path, SqliteAccess.ReadOnly);
        Assert.That(again.QueryText("SELECT count(*) FROM t WHERE length(v) = 4000"), Is.EqualTo($"{3 * WriteBehind.PieceBytes / 4000}"));
        Assert.That(again.QueryText("PRAGMA integrity_check"), Is.EqualTo("ok"));
    }

    private static byte[] Utf8(string path) => Encoding.UTF8.GetBytes(path + '\0');
}
