using System.CommandLine;
using RaftDb.Cli.Commands;
using RaftDb.Client;

namespace RaftDb.Cli;

/// <summary>The `raftdb` command: its sub-commands, and the one edge where failures become a line and an exit code.</summary>
internal static class CommandLine
{
    public static RootCommand Build()
    {
        RootCommand root = new("A replicated database.")
        {
            DevCommand.Build(),
            StartCommand.Build(),
            PutCommand.Build(),
            GetCommand.Build(),
            DeleteCommand.Build(),
            ScanCommand.Build(),
            MultiGetCommand.Build(),
            DeleteRangeCommand.Build(),
            BatchCommand.Build(),
            StatusCommand.Build(),
            NodesCommand.Build(),
            RangesCommand.Build(),
            RangeCommand.Build(),
            CheckCommand.Build(),
            NodeCommand.Build(),
            BinlogCommand.Build(),
            BackupCommand.Build(),
            RestoreCommand.Build(),
            RecoverCommand.Build(),
            BenchCommand.Build(),
            DrillCommand.Build(),
        };
        return root;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Build().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            string name = parsed.CommandResult.Command is RootCommand ? "raftdb" : $"raftdb {parsed.CommandResult.Command.Name}";
            return Fail(ExitCode.Usage, $"{OneLine(parsed.Errors[0].Message)} See `{name} --help`.");
        }

        InvocationConfiguration configuration = new()
        {
            EnableDefaultExceptionHandler = false,
            // A node writes out what it must and a drill ends its processes: both are bounded themselves.
            ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
        };
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (UsageException wrong)
        {
            return Fail(ExitCode.Usage, wrong.Message);
        }
        catch (RefusedException refused)
        {
            return Fail(ExitCode.Refused, refused.Message);
        }
        catch (RaftDbException failure)
        {
            return Fail(ExitCode.Refused, $"{failure.Code}: {OneLine(failure.Message)}");
        }
        catch (OperationCanceledException)
        {
            return Fail(ExitCode.Refused, "Interrupted.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.Refused, $"{OneLine(failure.Message)} Check the path, its permissions and the disk.");
        }
    }

    private static int Fail(int code, string message)
    {
        Console.Error.WriteLine($"raftdb: {message}");
        return code;
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}

/// <summary>What the command returns.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Refused = 1;
    public const int Usage = 2;
}

/// <summary>The command was used wrongly; the message names the option and says what would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command can't do what was asked; the message says why and what to do.</summary>
internal sealed class RefusedException(string message) : Exception(message);
