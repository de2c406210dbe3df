using System.Diagnostics;
using RaftDb.Cli.Drills.Histories;

namespace RaftDb.Cli.Drills;

/// <summary>Writes down what the clients of a drill did and were told. Times are <see cref="Stopwatch"/> timestamps.</summary>
internal sealed class HistoryRecorder
{
    private readonly Lock _lock = new();
    private readonly History _history = new();
    private readonly SortedDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<ReadPromise, long> _reads = [];
    private long _written;
    private long _unknown;
    private long _failed;

    /// <summary>Writes that were answered.</summary>
    public long Written => Read(ref _written);

    public long Unknown => Read(ref _unknown);

    /// <summary>Writes that were refused.</summary>
    public long Failed => Read(ref _failed);

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _history.Count == 0;
            }
        }
    }

    public void Add(string key, Operation operation, string? error = null)
    {
        lock (_lock)
        {
            if (error is not null)
            {
                _errors[error] = _errors.GetValueOrDefault(error) + 1;
            }

            if (operation.Kind == OperationKind.Read)
            {
                // A read without an answer says nothing.
                if (operation.Outcome == OperationOutcome.Answered)
                {
                    _reads[operation.Promise] = _reads.GetValueOrDefault(operation.Promise) + 1;
                    _history.Add(key, operation);
                }

                return;
            }

            _written += operation.Outcome == OperationOutcome.Answered ? 1 : 0;
            _unknown += operation.Outcome == OperationOutcome.Unknown ? 1 : 0;
            _failed += operation.Outcome == OperationOutcome.Failed ? 1 : 0;
            _history.Add(key, operation);
        }
    }

    /// <summary>Answered reads of a promise.</summary>
    public long Reads(ReadPromise promise)
    {
        lock (_lock)
        {
            return _reads.GetValueOrDefault(promise);
        }
    }

    /// <summary>What the clients were told that was no answer, by code.</summary>
    public IReadOnlyDictionary<string, long> Errors()
    {
        lock (_lock)
        {
            return new SortedDictionary<string, long>(_errors, StringComparer.Ordinal);
        }
    }

    /// <summary>The history, when nobody writes any more.</summary>
    public History Ended()
    {
        lock (_lock)
        {
            return _history;
        }
    }

    private long Read(ref long count)
    {
        lock (_lock)
        {
            return count;
        }
    }
}
