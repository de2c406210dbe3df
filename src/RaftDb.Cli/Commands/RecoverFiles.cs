using RaftDb.Server.Bootstrap;
using RaftDb.Server.Hosting;
using RaftDb.Storage;
using RaftDb.Storage.Disk;

namespace RaftDb.Cli.Commands;

/// <summary>Makes a lone node usable when a quorum is lost for good: says what may be lost, asks, does it, and says what it did.</summary>
internal static class RecoverFiles
{
    private const string Consent = "lose what only the others had";

    /// <summary>Removes the mark that keeps a halted replica from being opened.</summary>
    public static Task<int> ResumeAsync(string data, ulong range)
    {
        if (!Directory.Exists(data))
        {
            throw new RefusedException($"There is no directory '{data}'. Give the data directory of the stopped node.");
        }

        try
        {
            using DirectoryLock held = DirectoryLock.Take(data);
            if (new HaltMarks(data).Clear(new RangeId(range)) == 0)
            {
                throw new RefusedException($"No replica of range {range} is halted in '{data}'. Nothing was changed.");
            }
        }
        catch (StorageRefusedException e)
        {
            throw new RefusedException(e.Message);
        }

        Console.Out.WriteLine($"The replica of range {range} tries again at the next start.");
        return Task.FromResult(0);
    }

    public static Task<int> RecoverAsync(string data)
    {
        if (!Directory.Exists(data))
        {
            throw new RefusedException($"There is no directory '{data}'. Give the data directory of the node that is left.");
        }

        try
        {
            using UnsafeRecovery recovery = UnsafeRecovery.Open(data);
            foreach (string line in recovery.Plan)
            {
                Console.Out.WriteLine(line);
            }

            Console.Out.Write($"Type \"{Consent}\" to go on: ");
            if (Console.In.ReadLine()?.Trim() != Consent)
            {
                throw new RefusedException("Nothing was changed.");
            }

            foreach (string line in recovery.Run())
            {
                Console.Out.WriteLine(line);
            }

            return Task.FromResult(0);
        }
        catch (Exception e) when (e is StorageRefusedException or StorageFailedException or BootstrapRefusedException or IOException)
        {
            throw new RefusedException(e.Message);
        }
    }
}
