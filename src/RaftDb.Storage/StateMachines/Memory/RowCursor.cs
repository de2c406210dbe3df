namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>Goes through rows in key order, upwards or downwards. What it shows is valid until the next move.</summary>
internal abstract class RowCursor : IDisposable
{
    /// <summary>The key.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>What is known of the row; absent when the row below is gone.</summary>
    public abstract RowFacts Facts { get; }

    /// <summary>The value, if it was asked for.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>On to the next row; to the first one at the first call.</summary>
    public abstract bool MoveNext();

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
