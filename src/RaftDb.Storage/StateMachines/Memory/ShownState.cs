namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>What of a range's state others see, replaced as a whole. Immutable, but for the newest layer, of which they see what is up to <see cref="Meta"/>.</summary>
/// <param name="Meta">What is applied.</param>
/// <param name="EarliestExpiry">The earliest expiry; 0 without one.</param>
/// <param name="Layers">What is not in the file yet, the newest first: at least the layer that takes what is applied.</param>
/// <param name="InFile">What is in the file.</param>
internal sealed record ShownState(StateMeta Meta, long EarliestExpiry, MemoryLayer[] Layers, StateMeta InFile)
{
    /// <summary>The layer that takes what is applied.</summary>
    public MemoryLayer Newest => Layers[0];

    /// <summary>Memory of all that is not in the file.</summary>
    public long UnwrittenBytes
    {
        get
        {
            long bytes = 0;
            foreach (MemoryLayer layer in Layers)
            {
                bytes += layer.Bytes;
            }

            return bytes;
        }
    }

    /// <summary>The sealed layer that is to be written next; null when there is none.</summary>
    public MemoryLayer? Oldest => Layers.Length > 1 ? Layers[^1] : null;
}
