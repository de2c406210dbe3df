using RaftDb.Server.Bootstrap;
using RaftDb.Server.Hosting;
using RaftDb.Storage;

namespace RaftDb.Cli.Commands;

/// <summary>Makes a lone node usable when a quorum is lost for good: says what may be lost, asks, does it, and says what it did.</summary>
internal static class RecoverFiles
{
    private const string Consent = "lose what only the others had";

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
