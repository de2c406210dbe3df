namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Counts the situations that runs came into: a scheduler that never gets anywhere interesting finds nothing.</summary>
internal sealed class Marks
{
    private readonly SortedDictionary<string, long> _counts = [];

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Hit(string name, long count = 1) => _counts[name] = this[name] + count;

    public void Add(Marks other)
    {
        foreach (var (name, count) in other._counts)
        {
            Hit(name, count);
        }
    }

    public override string ToString() => string.Join(", ", _counts.Select(pair => $"{pair.Key} {pair.Value}"));
}
