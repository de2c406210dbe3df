using RaftDb.Storage;
using RaftDb.Storage.Disk;

namespace RaftDb.Tests.Storage.Disk;

public class PosixDiskTests
{
    private string _directory = "";

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("raftdb-disk-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void What_was_written_in_pieces_is_read_back_whole()
    {
        var disk = new PosixDisk(_directory);
        disk.CreateDirectory("a/b");
        ReadOnlyMemory<byte>[] pieces = [.. Enumerable.Range(0, 3000).Select(i => new ReadOnlyMemory<byte>([(byte)i, (byte)(i >> 8)]))];
        using (IDiskFile file = disk.Open("a/b/file", create: true))
        {
            file.Allocate(10_000);
            Assert.That(file.Length, Is.EqualTo(10_000));
            file.Write(pieces, 100);
            file.Sync();
            file.SetLength(6100);
        }

        disk.SyncDirectory("a/b");
        using IDiskFile again = disk.Open("a/b/file", create: false);
        var bytes = new byte[7000];
        Assert.That(again.Read(bytes, 100), Is.EqualTo(6000), "less only at the end of the file");
        Assert.That(bytes.AsSpan(0, 6000).ToArray(), Is.EqualTo(pieces.SelectMany(p => p.ToArray())));
    }

    [Test]
    public void Files_are_listed_in_order_renamed_over_and_deleted()
    {
        var disk = new PosixDisk(_directory);
        foreach (string name in new[] { "b", "a", "c" })
        {
            disk.Open(name, create: true).Dispose();
        }

        Assert.That(disk.List(""), Is.EqualTo(new[] { "a", "b", "c" }));
        disk.Rename("a", "b");
        disk.Delete("c");
        disk.Delete("c");
        Assert.That(disk.List(""), Is.EqualTo(new[] { "b" }));
        Assert.That(disk.Exists("a"), Is.False);
        Assert.That(disk.List("nowhere"), Is.Empty);
    }

    [Test]
    public void A_missing_file_is_an_io_error_that_names_it() =>
        Assert.That(() => new PosixDisk(_directory).Open("nothing", create: false), Throws.InstanceOf<IOException>().With.Message.Contains("nothing"));

    [Test]
    public void More_than_the_disk_has_is_a_full_disk()
    {
        var disk = new PosixDisk(_directory);
        long tooMuch = new DriveInfo(_directory).TotalSize + (1L << 40);
        Assert.That(
            () =>
            {
                using IDiskFile file = disk.Open("huge", create: true);
                file.Allocate(tooMuch);
            },
            Throws.TypeOf<DiskFullException>().Or.InstanceOf<IOException>().With.Message.Contains("huge"));
        disk.Delete("huge");
    }

    [Test]
    public void The_lock_keeps_others_out_until_it_is_given_back()
    {
        using (DirectoryLock.Take(_directory))
        {
            Assert.That(
                () => DirectoryLock.Take(_directory), Throws.TypeOf<StorageRefusedException>().With.Message.Contains("in use by another process").And.Message.Contains(_directory));
        }

        DirectoryLock.Take(_directory).Dispose();
    }
}
