namespace RaftDb.Server.Options;

/// <summary>Limits of the RESP interface.</summary>
internal sealed record RespSection
{
    /// <summary>Most connections at a time. 10000: one that is idle costs some kilobytes, and a client that leaks them is told before the node suffers.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Most arguments of one command, its name among them.</summary>
    public int MaxArguments { get; init; } = 100_000;

    /// <summary>Largest argument. 9 MiB: a little more than a largest value, so that a value that is too large is refused with words rather than with a closed connection.</summary>
    public int MaxBulkBytes { get; init; } = 9 << 20;

    /// <summary>Largest command with all of its arguments. 32 MiB: twice what a log entry may have.</summary>
    public int MaxCommandBytes { get; init; } = 32 << 20;

    /// <summary>Longest line: of an inline command, or of a number.</summary>
    public int MaxInlineBytes { get; init; } = 64 << 10;

    /// <summary>Bytes of pipelined commands that are taken from a connection at once; what is more waits in the socket until these are answered.</summary>
    public int MaxPipelinedBytes { get; init; } = 256 << 10;

    /// <summary>Most bytes of commands that MULTI queues.</summary>
    public int MaxQueuedBytes { get; init; } = 16 << 20;

    /// <summary>How long a command may take: several elections.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a connection may be silent before it is closed; 0 = for ever. Dead peers are found by TCP's keep-alive in any case.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.Zero;

    /// <summary>Throws <see cref="ArgumentException"/> naming the option that makes no sense.</summary>
    public RespSection Validate()
    {
        Require(MaxConnections >= 1, nameof(MaxConnections), "must be 1 or more");
        Require(MaxArguments is >= 16 and <= 1 << 20, nameof(MaxArguments), "must be from 16 to 1048576");
        Require(MaxBulkBytes is >= 1024 and <= 512 << 20, nameof(MaxBulkBytes), "must be from 1 KiB to 512 MiB");
        Require(MaxCommandBytes >= MaxBulkBytes && MaxCommandBytes <= 1 << 30, nameof(MaxCommandBytes), "must be from MaxBulkBytes to 1 GiB");
        Require(MaxInlineBytes is >= 64 and <= 1 << 20, nameof(MaxInlineBytes), "must be from 64 bytes to 1 MiB");
        Require(MaxPipelinedBytes is >= 4096 and <= 64 << 20, nameof(MaxPipelinedBytes), "must be from 4 KiB to 64 MiB");
        Require(MaxQueuedBytes >= 1024, nameof(MaxQueuedBytes), "must be at least 1 KiB");
        Require(Timeout >= TimeSpan.FromMilliseconds(1), nameof(Timeout), "must be at least 1 ms");
        Require(IdleTimeout >= TimeSpan.Zero, nameof(IdleTimeout), "must not be negative");
        return this;
    }

    private static void Require(bool holds, string option, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{option} {rule}.");
        }
    }
}
