using System.Runtime.InteropServices;

namespace RaftDb.Simulation.Core;

/// <summary>Counts the situations that runs came into: a simulator that never gets anywhere interesting finds nothing.</summary>
internal sealed class Marks
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    public long this[string name] => _counts.GetValueOrDefault(name);

    public IEnumerable<KeyValuePair<string, long>> All => _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    public void Hit(string name, long count = 1) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, name, out _) += count;

    public void Add(Marks other)
    {
        foreach ((string name, long count) in other._counts)
        {
            Hit(name, count);
        }
    }

    public override string ToString() => string.Join(", ", All.Select(pair => $"{pair.Key} {pair.Value}"));
}
