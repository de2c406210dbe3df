using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftDb.Storage;

/// <summary>Lets one thread sleep until another has work for it. Setting it twice is setting it once, and what is set while nobody waits lets the next wait pass at once. Any
/// thread may set; one thread waits.</summary>
/// <remarks>On Linux it is a futex: a wake is one system call, and the thread that wakes up needs no lock that its waker may still hold. A monitor's pulse costs twice the
/// processor time there, and a node hands over between threads a dozen times for each round of writes.</remarks>
public sealed unsafe partial class ThreadSignal
{
    private const int Waiting = -1;
    private const int Idle = 0;
    private const int Signalled = 1;

    private const int FutexWaitPrivate = 128;
    private const int FutexWakePrivate = 129;

    private static readonly nint FutexCall = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => 0,
    };

    // Pinned, because the operating system knows the state by its address, and on a cache line of its own.
    private readonly int[]? _futex = OperatingSystem.IsLinux() && FutexCall != 0 ? GC.AllocateArray<int>(16, pinned: true) : null;
    private readonly AutoResetEvent? _event;

    /// <summary>A signal that is not set.</summary>
    public ThreadSignal()
    {
        _event = _futex is null ? new(initialState: false) : null;
    }

    private ref int State => ref MemoryMarshal.GetArrayDataReference(_futex!);

    /// <summary>Wakes the thread that waits, or lets its next wait pass at once. Thread-safe.</summary>
    public void Set()
    {
        if (_event is { } handle)
        {
            handle.Set();
        }
        else if (Interlocked.Exchange(ref State, Signalled) == Waiting)
        {
            SystemCall(FutexCall, (int*)Unsafe.AsPointer(ref State), FutexWakePrivate, 1, null, null, 0);
        }
    }

    /// <summary>Waits until it is set, and takes that back; false when that did not happen within so many milliseconds (-1: as long as it takes).</summary>
    public bool Wait(int milliseconds)
    {
        if (_event is { } handle)
        {
            return handle.WaitOne(milliseconds);
        }

        long started = milliseconds > 0 ? Stopwatch.GetTimestamp() : 0;
        while (true)
        {
            if (Interlocked.CompareExchange(ref State, Idle, Signalled) == Signalled)
            {
                return true;
            }

            TimeSpan left = milliseconds < 0 ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(milliseconds);
            left = milliseconds > 0 ? left - Stopwatch.GetElapsedTime(started) : left;
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            Sleep(milliseconds < 0 ? null : left);
        }
    }

    /// <summary>Until it is set, for so long, or for less: the caller looks again.</summary>
    private void Sleep(TimeSpan? limit)
    {
        if (Interlocked.CompareExchange(ref State, Waiting, Idle) != Idle)
        {
            return;
        }

        int* state = (int*)Unsafe.AsPointer(ref State);
        if (limit is { } left)
        {
            Time time = new((long)left.TotalSeconds, (nint)(left.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick));
            SystemCall(FutexCall, state, FutexWaitPrivate, Waiting, &time, null, 0);
        }
        else
        {
            SystemCall(FutexCall, state, FutexWaitPrivate, Waiting, null, null, 0);
        }

        Interlocked.CompareExchange(ref State, Idle, Waiting);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(nint number, int* address, int operation, int value, Time* timeout, int* second, int third);

    private readonly struct Time(long seconds, nint nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly nint Nanoseconds = nanoseconds;
    }
}
