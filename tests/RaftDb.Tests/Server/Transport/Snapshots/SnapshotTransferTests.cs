using System.Net.Sockets;
using System.Security.Cryptography;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Snapshots;

namespace RaftDb.Tests.Server.Transport.Snapshots;

[TestFixture]
internal sealed class SnapshotTransferTests
{
    private static readonly PeerTransportOptions Options = new() { SnapshotChunkBytes = 10_000 };

    private List<TestNode> _nodes = [];
    private byte[] _data = [];

    [SetUp]
    public async Task Start()
    {
        _nodes = await TestNode.ClusterAsync(2, Options);
        _data = new byte[1_234_567];
        new Random(5).NextBytes(_data);
    }

    [TearDown]
    public async Task Stop()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Test]
    public async Task A_snapshot_arrives_whole_with_what_was_announced()
    {
        MemorySink sink = new();
        SnapshotAnnouncement? announced = null;
        _nodes[1].Handler.Announced = a =>
        {
            announced = a;
            return sink;
        };
        using MemorySource source = new(_data);
        await Until.DoneAsync(_nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default), "the transfer");
        Assert.That(sink.Bytes.SequenceEqual(_data), Is.True);
        Assert.That(
            (announced!.Range, announced.Header.Sha256, announced.Header.Length, announced.Message.Term, announced.Header.Descriptor.Generation),
            Is.EqualTo((new RangeId(2), source.Header.Sha256, (long)_data.Length, new Term(4), 3UL)));
        Assert.That(announced.Header.Descriptor.Replicas, Is.EqualTo(source.Header.Descriptor.Replicas));
        Assert.That(sink.Disposed.Task.IsCompleted, Is.True);
    }

    [Test]
    public async Task A_transfer_that_breaks_in_the_middle_goes_on_where_it_was()
    {
        MemorySink sink = new();
        var announcements = 0;
        _nodes[1].Handler.Announced = _ =>
        {
            announcements++;
            return sink;
        };
        var breaks = 0;
        using MemorySource source = new(_data)
        {
            OnRead = offset =>
            {
                if (offset >= 400_000 * (breaks + 1) && breaks < 2)
                {
                    breaks++;
                    foreach (var socket in _nodes[0].OpenDialled.Where(s => s.RemoteEndPoint?.ToString() == _nodes[0].PeerOf(2).PeerAddress))
                    {
                        socket.Close(0);
                    }
                }
            },
        };
        await Until.DoneAsync(_nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default), "the transfer");
        Assert.That((sink.Bytes.SequenceEqual(_data), announcements, breaks), Is.EqualTo((true, 1, 2)));
        Assert.That(source.BytesRead, Is.LessThan(_data.Length * 2), "what was there was not sent again");
    }

    [Test]
    public async Task An_unwanted_snapshot_is_declined_before_any_data()
    {
        using MemorySource source = new(_data);
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => _nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default));
        Assert.That((fault!.NotSent, source.BytesRead, fault.Message.Contains("not wanted")), Is.EqualTo((true, 0L, true)));
    }

    [Test]
    public async Task A_receiver_that_can_not_write_says_why()
    {
        MemorySink sink = new() { FailAt = 500_000 };
        _nodes[1].Handler.Announced = _ => sink;
        using MemorySource source = new(_data);
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => _nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default));
        Assert.That((fault!.NotSent, fault.Message.Contains("no room")), Is.EqualTo((false, true)));
        Assert.That(sink.Disposed.Task.IsCompleted, Is.True);
    }

    [Test]
    public async Task A_snapshot_that_can_not_be_installed_is_reported()
    {
        MemorySink sink = new();
        _nodes[1].Handler.Announced = _ => sink;
        _nodes[1].Handler.Received = (_, _) => throw new StorageRefusedException("its hash is wrong");
        using MemorySource source = new(_data);
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => _nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default));
        Assert.That(fault!.Message, Does.Contain("its hash is wrong"));
        await Until.DoneAsync(sink.Disposed.Task, "the sink is closed");
    }

    [Test]
    public async Task Messages_flow_while_a_snapshot_is_installed()
    {
        TaskCompletionSource<bool> install = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource installing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _nodes[1].Handler.Announced = _ => new MemorySink();
        _nodes[1].Handler.Received = (_, _) =>
        {
            installing.TrySetResult();
            return install.Task;
        };
        using MemorySource source = new(_data);
        var sending = _nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default);
        await Until.DoneAsync(installing.Task, "all data arrived");
        _nodes[0].Transport.Send(new(2), [TestNode.Message(1)]);
        await Until.TrueAsync(() => !_nodes[1].Handler.Messages.IsEmpty, "a message beside the snapshot");
        Assert.That(sending.IsCompleted, Is.False);
        install.SetResult(true);
        await Until.DoneAsync(sending, "the transfer");
    }

    [Test]
    public async Task A_receiver_that_is_gone_is_given_up()
    {
        await _nodes[1].KillAsync();
        using MemorySource source = new(_data);
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => _nodes[0].Transport.SendSnapshotAsync(new(2), source.Announcement, source, default));
        Assert.That(fault!.InnerException, Is.InstanceOf<SocketException>());
    }

    private sealed class MemorySource(byte[] data) : ISnapshotSource
    {
        private static readonly SnapshotMetadata At = new(new(new(10), new(3)), Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2)));

        public Action<long>? OnRead { get; init; }

        public long BytesRead { get; private set; }

        public SnapshotMetadata Metadata => At;

        public SnapshotHeader Header { get; } = new(
            At,
            new RangeDescriptor
            {
                Id = new(2),
                Kind = RangeKind.KeyValue,
                Start = new byte[] { 1, 2 },
                End = null,
                Generation = 3,
                Replicas = [new(new(1), new(1)), new(new(2), new(2))],
            },
            data.Length,
            Convert.ToHexStringLower(SHA256.HashData(data)));

        public SnapshotAnnouncement Announcement => new(new(2), new InstallSnapshot(new(1), new(2), new(4), Metadata), Header);

        public int Read(Span<byte> buffer, long offset)
        {
            OnRead?.Invoke(offset);
            var length = (int)Math.Min(buffer.Length, data.Length - offset);
            data.AsSpan((int)offset, length).CopyTo(buffer);
            BytesRead += length;
            return length;
        }

        public void Dispose()
        {
        }
    }

    private sealed class MemorySink : ISnapshotSink
    {
        private readonly MemoryStream _bytes = new();

        public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long FailAt { get; init; } = long.MaxValue;

        public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

        public long Received => _bytes.Length;

        public void Write(ReadOnlySpan<byte> chunk)
        {
            if (Received + chunk.Length > FailAt)
            {
                throw new IOException("no room");
            }

            _bytes.Write(chunk);
        }

        public (IStateMachine State, RangeCheckpoint Checkpoint) Complete(SnapshotHeader header) => throw new NotSupportedException();

        public void Keep() => throw new NotSupportedException();

        public void Dispose() => Disposed.TrySetResult();
    }
}
