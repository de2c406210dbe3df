using System.Diagnostics;

namespace RaftDb.Storage.Binlog.Writing;

/// <summary>Decides when work should wait to share a write with more. A round costs every node that takes part much the same whether one entry goes with it or fifty: passes,
/// messages, thread switches and the sync. All methods but <see cref="IsBusy"/> belong to the writer thread.</summary>
internal sealed class GroupCommit(WriteQueue queue, TimeSpan busyFor)
{
    /// <summary>From so many entries in a batch on there is enough going on that sharing the next one pays: what comes during the write, and before it is begun.</summary>
    private const int SharedEntries = 4;
    private const int GatheredEntries = 8;

    /// <summary>Nobody waits longer for company.</summary>
    private static readonly TimeSpan LongestGathering = TimeSpan.FromMilliseconds(2);

    /// <summary>A wait shorter than this can't be asked of the operating system.</summary>
    private static readonly TimeSpan ShortestGathering = TimeSpan.FromMilliseconds(0.75);

    private long _busySince;
    private long _started;
    private TimeSpan _usual;

    /// <summary>Whether a shared write is under way, or about to be: what comes now would wait for it. Any thread may ask. A write that takes longer than usual is no
    /// reason to wait: a disk that hangs must not hold up what the others' disks can do.</summary>
    public bool IsBusy => Volatile.Read(ref _busySince) is var since and not 0 && Stopwatch.GetElapsedTime(since) < busyFor;

    /// <summary>A batch is about to be written.</summary>
    public void Begin(int entries)
    {
        _started = Stopwatch.GetTimestamp();
        if (entries >= SharedEntries)
        {
            Volatile.Write(ref _busySince, _started);
        }
    }

    /// <summary>The batch is durable: the disk is free.</summary>
    public void End()
    {
        Volatile.Write(ref _busySince, 0);
        TimeSpan took = Stopwatch.GetElapsedTime(_started);
        _usual += (took - _usual) / 8;
    }

    /// <summary>Lets more come together after a shared write, for as long as about two writes take here: where the disk is slow, or the processors are short, fewer and
    /// larger rounds are worth more than an early start; on a machine that has time to spare it is no wait at all.</summary>
    public void AwaitCompany(int entries)
    {
        TimeSpan wait = Gathering(entries, _usual);
        if (wait > TimeSpan.Zero)
        {
            Volatile.Write(ref _busySince, Stopwatch.GetTimestamp());
            queue.Pause((int)Math.Round(wait.TotalMilliseconds, MidpointRounding.AwayFromZero));
            Volatile.Write(ref _busySince, 0);
        }
    }

    /// <summary>How long to wait after a batch of so many entries, when writes usually take so long.</summary>
    internal static TimeSpan Gathering(int entries, TimeSpan usual)
    {
        TimeSpan wait = entries < GatheredEntries ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(usual.Ticks * 2, LongestGathering.Ticks));
        return wait < ShortestGathering ? TimeSpan.Zero : wait;
    }
}
