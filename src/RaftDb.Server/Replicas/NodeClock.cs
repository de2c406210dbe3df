using System.Diagnostics;
using System.Runtime.InteropServices;
using RaftDb.Raft;

namespace RaftDb.Server.Replicas;

/// <summary>Time as replicas see it: the edge that a simulator replaces.</summary>
internal interface INodeClock
{
    /// <summary>The monotonic time.</summary>
    Instant Now { get; }
}

/// <summary>The machine's monotonic clock, the one that also counts while the machine is suspended where there is one: a lease or
/// a proof of freshness must not outlive a nap.</summary>
internal sealed partial class NodeClock : INodeClock
{
    private const int BootTime = 7;

    private static readonly bool HasBootTime = OperatingSystem.IsLinux() && Read(BootTime, out _) == 0;

    public Instant Now
    {
        get
        {
            if (HasBootTime && Read(BootTime, out Timespec time) == 0)
            {
                return new((time.Seconds * 1_000_000_000) + time.Nanoseconds);
            }

            return new((long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)));
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int Read(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
