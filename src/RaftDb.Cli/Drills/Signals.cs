using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RaftDb.Cli.Drills;

/// <summary>Signals to processes, by pid.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    private const int NoSuchProcess = 3;

    public static void Send(int pid, int signal)
    {
        // Pid 0 and negative ones mean whole groups: never.
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        if (SendSignal(pid, signal) != 0 && Marshal.GetLastPInvokeError() is var error and not NoSuchProcess)
        {
            throw new RefusedException($"Signal {signal} can't be sent to process {pid}: {new Win32Exception(error).Message}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
