namespace RaftDb.Cli;

/// <summary>How sockets hand over what they have received.</summary>
internal static class SocketThreads
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>What follows a receive runs on the thread that polls the sockets, without a hop to the thread pool per message. That saves a good part of a request's cost;
    /// what may block goes to the thread pool by itself. To be called before the process has used a socket. Setting the variable to 0 keeps the hop.</summary>
    public static void CompleteInline()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        }
    }
}
