using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Storage.StateMachines.Memory;

/// <summary>The kept changes of a range as entries add to them: the layers in memory, the newest first, and what is in the file below. Used by the thread that applies.</summary>
internal sealed class LayeredChanges(IFileChanges file) : IChangeTable
{
    private ChangeLayer[] _layers = [];

    private ChangeLayer Top => _layers[0];

    /// <summary>Has other layers lie above the file, the newest first; it is the one that is written.</summary>
    public void Stack(ChangeLayer[] layers) => _layers = layers;

    /// <inheritdoc/>
    public KeptChanges Load()
    {
        KeptChanges kept = Array.Find(_layers, l => l.Content.Kept is not null)?.Content.Kept ?? file.Kept();
        if (kept.Until == 0)
        {
            return kept;
        }

        ulong dropped = 0;
        foreach (ChangeLayer layer in _layers)
        {
            foreach (ChangeLayer.KeptEntry entry in Live(layer, dropped))
            {
                kept.Entries++;
                kept.Bytes += entry.Changes.Length;
            }

            dropped = Math.Max(dropped, layer.Content.Dropped);
        }

        (long entries, long bytes) = file.Measure(dropped);
        kept.Entries += entries;
        kept.Bytes += bytes;
        return kept;
    }

    /// <inheritdoc/>
    public void Store(ulong since, long until) => Top.Store(since, until);

    /// <inheritdoc/>
    public void Add(ulong index, ReadOnlySpan<byte> changes) => Top.Add(index, changes);

    /// <inheritdoc/>
    public ulong DropOldest(long entries)
    {
        ulong last = OldestAt(entries - 1);
        Top.Drop(last);
        return last;
    }

    /// <inheritdoc/>
    public void Clear() => Top.Drop(ulong.MaxValue);

    private static List<ChangeLayer.KeptEntry> Live(ChangeLayer layer, ulong dropped)
    {
        List<ChangeLayer.KeptEntry> live = [];
        foreach (ChangeLayer.KeptEntry entry in layer.Content.Added.Span)
        {
            if (entry.Index > dropped)
            {
                live.Add(entry);
            }
        }

        return live;
    }

    /// <summary>The index of the oldest entry but so many.</summary>
    private ulong OldestAt(long place)
    {
        ulong dropped = _layers.Max(l => l.Content.Dropped);
        long below = file.Measure(dropped).Entries;
        if (place < below)
        {
            return file.IndexAt(dropped, place);
        }

        place -= below;
        for (int i = _layers.Length - 1; i >= 0; i--)
        {
            ulong above = i == 0 ? 0 : _layers[..i].Max(l => l.Content.Dropped);
            List<ChangeLayer.KeptEntry> live = Live(_layers[i], above);
            if (place < live.Count)
            {
                return live[(int)place].Index;
            }

            place -= live.Count;
        }

        throw new InvalidOperationException($"There are no {place} kept entries more.");
    }
}
