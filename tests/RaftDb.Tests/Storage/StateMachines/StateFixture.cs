using System.Text;
using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Storage;
using RaftDb.Storage.Binlog;
using RaftDb.Storage.StateMachines;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>A data directory with one state machine in it, and short ways to drive it.</summary>
internal sealed class StateFixture : IDisposable
{
    public static readonly RangeId Range = new(2);
    public static readonly Configuration Configuration = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3));

    public StateFixture(string? start = null, string? end = null, StateMachineOptions? options = null)
    {
        Data = Directory.CreateTempSubdirectory("raftdb-state-").FullName;
        Options = options ?? new StateMachineOptions();
        Store = new(Data, Options);
        State = Store.Create(Descriptor(start, end), Configuration);
        Fresh = CheckpointOf(State);
    }

    public string Data { get; }

    public StateMachineOptions Options { get; }

    public SqliteStateMachineStore Store { get; }

    public IStateMachine State { get; private set; }

    /// <summary>What the binlog knows of the state as it was created.</summary>
    public RangeCheckpoint Fresh { get; }

    public string RangeDirectory => Path.Combine(Data, "ranges", Range.ToString());

    public string StatePath => Path.Combine(RangeDirectory, State.FileName);

    public static RangeDescriptor Descriptor(string? start = null, string? end = null) => new()
    {
        Id = Range,
        Kind = RangeKind.KeyValue,
        Start = Bytes(start ?? ""),
        End = end is null ? (ReadOnlyMemory<byte>?)null : Bytes(end),
        Generation = 1,
        Replicas = [new(new(1), new(1)), new(new(2), new(2)), new(new(3), new(3))],
    };

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    public static Operation Put(string key, string value, long ttl = 0) => Operation.Put(Bytes(key), Bytes(value), ttl);

    public static Entry EntryOf(ulong index, Command command) => new(new(1), new(index), EntryKind.Command, CommandCodec.Encode(command));

    public static RangeCheckpoint CheckpointOf(IStateMachine state) => new(state.Applied, state.Configuration, state.Descriptor, state.FileName);

    /// <summary>Applies one command at a time of the log.</summary>
    public CommandResult Apply(Command command)
    {
        var results = new List<CommandResult?>();
        State.Apply([EntryOf(State.Applied.Index.Value + 1, command)], [], results);
        Assert.That(results, Has.Count.EqualTo(1));
        return results[0]!;
    }

    /// <summary>Applies operations without conditions.</summary>
    public CommandResult Do(params Operation[] operations) => DoAt(1000, operations);

    /// <summary>Applies operations at a time of the log.</summary>
    public CommandResult DoAt(long milliseconds, params Operation[] operations) =>
        Apply(new TransactionCommand(HybridTimestamp.Of(milliseconds, 0), 1, [], operations, []));

    /// <summary>Applies an expiry.</summary>
    public CommandResult ExpireAt(long milliseconds, int limit = 100) => Apply(new ExpireCommand(HybridTimestamp.Of(milliseconds, 0), 1, limit));

    public Row? Get(string key)
    {
        using IReadView view = State.OpenReadView();
        return view.TryGet(Bytes(key), out Row row) ? row : null;
    }

    public string? Value(string key) => Get(key) is { } row ? Text(row.Value) : null;

    /// <summary>A view for digests.</summary>
    public IFrozenView Freeze() => State.OpenFrozenViewAsync().GetAwaiter().GetResult();

    /// <summary>All keys with their values: "a=1 b=2".</summary>
    public string Dump()
    {
        using IReadView view = State.OpenReadView();
        ScanPage page = view.Scan(new(default, null, int.MaxValue, long.MaxValue, false, false));
        return string.Join(' ', page.Rows.Select(r => $"{Text(r.Key)}={Text(r.Value)}"));
    }

    /// <summary>Closes and opens the state, as a restart does.</summary>
    public void Reopen(RangeCheckpoint? checkpoint = null)
    {
        State.Dispose();
        State = Store.Open(Range, checkpoint ?? Fresh);
    }

    public void Dispose()
    {
        State.Dispose();
        Directory.Delete(Data, recursive: true);
    }
}
