namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What a condition compares.</summary>
public enum ConditionKind : byte
{
    /// <summary>The key's version equals <see cref="Condition.Number"/> (0 = absent).</summary>
    Version = 1,

    /// <summary>The index of the entry that last changed the key equals <see cref="Condition.Number"/> (0 = absent).</summary>
    Index = 2,

    /// <summary>The value equals <see cref="Condition.Value"/>; an absent key never does.</summary>
    Value = 3,

    /// <summary>The key exists (<see cref="Condition.Number"/> = 1) or doesn't (0).</summary>
    Exists = 4,
}

/// <summary>A condition on one key.</summary>
public readonly record struct Condition(ConditionKind Kind, ReadOnlyMemory<byte> Key, ulong Number, ReadOnlyMemory<byte> Value);
