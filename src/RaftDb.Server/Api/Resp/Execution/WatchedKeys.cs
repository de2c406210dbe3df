using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp.Execution;

/// <summary>Keys that WATCH named, each with the index that had changed it last: an index is never used again, so that a key which was changed and changed back is noticed.</summary>
internal sealed class WatchedKeys
{
    private readonly List<Condition> _conditions = [];

    public bool Any => _conditions.Count > 0;

    public int Count => _conditions.Count;

    /// <summary>The key must still be as that index left it; 0 = absent.</summary>
    public void Add(ReadOnlySpan<byte> key, ulong index) => _conditions.Add(new(ConditionKind.Index, key.ToArray(), index, default));

    /// <summary>The conditions; afterwards nothing is watched.</summary>
    public IReadOnlyList<Condition> Take()
    {
        Condition[] taken = [.. _conditions];
        _conditions.Clear();
        return taken;
    }

    public void Clear() => _conditions.Clear();
}
