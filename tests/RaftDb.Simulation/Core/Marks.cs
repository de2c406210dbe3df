namespace RaftDb.Simulation.Core;

/// <summary>Counts the situations that runs came into: a simulator that never gets anywhere interesting finds nothing.</summary>
internal sealed class Marks
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public long this[string name] => _counts.GetValueOrDefault(name);

    public IEnumerable<KeyValuePair<string, long>> All => _counts;

    public void Hit(string name, long count = 1) => _counts[name] = this[name] + count;

    public void Add(Marks other)
    {
        foreach ((string name, long count) in other._counts)
        {
            Hit(name, count);
        }
    }

    public override string ToString() => string.Join(", ", _counts.Select(pair => $"{pair.Key} {pair.Value}"));
}
