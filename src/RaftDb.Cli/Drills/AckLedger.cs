namespace RaftDb.Cli.Drills;

/// <summary>How a write ended, as its writer was told.</summary>
internal enum WriteOutcome : byte
{
    /// <summary>Done: it must be there, for ever.</summary>
    Acknowledged,

    /// <summary>Nobody knows: it may be there or not, but the same everywhere.</summary>
    Unknown,

    /// <summary>Not done: it must not be there.</summary>
    Refused,
}

/// <summary>What every writer was told about every one of its writes.</summary>
internal sealed class AckLedger(int writers)
{
    private readonly WriterLog[] _writers = [.. Enumerable.Range(0, writers).Select(_ => new WriterLog())];

    public int Writers => _writers.Length;

    public long Acknowledged => _writers.Sum(writer => writer.Acknowledged);

    public long Unknown => _writers.Sum(writer => writer.Count(WriteOutcome.Unknown));

    public long Refused => _writers.Sum(writer => writer.Count(WriteOutcome.Refused));

    public WriterLog this[int writer] => _writers[writer];
}

/// <summary>One writer's part: written by that writer, read by others while it runs.</summary>
internal sealed class WriterLog
{
    private readonly Lock _lock = new();
    private readonly List<WriteOutcome> _outcomes = [];
    private readonly List<long> _acknowledgedAt = [];
    private readonly SortedDictionary<string, long> _errors = new(StringComparer.Ordinal);

    /// <summary>The sequence of the next write.</summary>
    public int Next
    {
        get
        {
            lock (_lock)
            {
                return _outcomes.Count;
            }
        }
    }

    public int Acknowledged
    {
        get
        {
            lock (_lock)
            {
                return _acknowledgedAt.Count;
            }
        }
    }

    /// <summary>When the last acknowledgement came; 0 before the first.</summary>
    public long LastAcknowledgedAt
    {
        get
        {
            lock (_lock)
            {
                return _acknowledgedAt.Count == 0 ? 0 : _acknowledgedAt[^1];
            }
        }
    }

    public void Record(WriteOutcome outcome, long timestamp, string? error = null)
    {
        lock (_lock)
        {
            _outcomes.Add(outcome);
            if (outcome == WriteOutcome.Acknowledged)
            {
                _acknowledgedAt.Add(timestamp);
            }

            if (error is not null)
            {
                _errors[error] = _errors.GetValueOrDefault(error) + 1;
            }
        }
    }

    public IReadOnlyList<WriteOutcome> Outcomes()
    {
        lock (_lock)
        {
            return [.. _outcomes];
        }
    }

    public IReadOnlyList<long> AcknowledgedAt()
    {
        lock (_lock)
        {
            return [.. _acknowledgedAt];
        }
    }

    public IReadOnlyDictionary<string, long> Errors()
    {
        lock (_lock)
        {
            return new SortedDictionary<string, long>(_errors, StringComparer.Ordinal);
        }
    }

    public long Count(WriteOutcome outcome)
    {
        lock (_lock)
        {
            return _outcomes.Count(one => one == outcome);
        }
    }
}
