namespace RaftDb.Server.Api;

/// <summary>Limits of the HTTP interface.</summary>
internal sealed record ApiOptions
{
    /// <summary>Longest key. Keys sit in every index page and every message, so they stay short.</summary>
    public int MaxKeyBytes { get; init; } = 4096;

    /// <summary>Largest value.</summary>
    public int MaxValueBytes { get; init; } = 8 << 20;

    /// <summary>Largest JSON body: one largest value in base64, with room to spare.</summary>
    public int MaxJsonBytes { get; init; } = 16 << 20;

    /// <summary>Longest request line: a longest key, each byte percent-encoded, with its parameters.</summary>
    public int MaxRequestLineBytes { get; init; } = 16 << 10;

    /// <summary>Most operations, and most comparisons, of a transaction or batch: they become one log entry.</summary>
    public int MaxOperations { get; init; } = 10_000;

    /// <summary>How many keys one delete_range removes when it doesn't say.</summary>
    public int DefaultDeleteRangeLimit { get; init; } = 1_000;

    /// <summary>Most keys of one delete_range: it is one log entry, and applies in one go.</summary>
    public int MaxDeleteRangeLimit { get; init; } = 10_000;

    /// <summary>Rows of a page when the request doesn't say.</summary>
    public int DefaultScanLimit { get; init; } = 1_000;

    /// <summary>Most rows of a page.</summary>
    public int MaxScanLimit { get; init; } = 10_000;

    /// <summary>Most bytes of keys and values of a page; one row is always answered.</summary>
    public long MaxScanBytes { get; init; } = 4 << 20;

    /// <summary>How long a request may take when it doesn't say: several elections.</summary>
    public TimeSpan DefaultTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that a request may ask for.</summary>
    public TimeSpan MaxTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Throws when the options contradict each other.</summary>
    public void Validate()
    {
        Require(MaxKeyBytes is >= 1 and <= 64 << 10, "MaxKeyBytes must be 1 to 65536");
        Require(MaxValueBytes is >= 1 and <= 1 << 30, "MaxValueBytes must be 1 to 1 GiB");
        Require(MaxJsonBytes >= MaxValueBytes, "MaxJsonBytes must be at least MaxValueBytes");
        Require(MaxRequestLineBytes >= 3 * MaxKeyBytes, "MaxRequestLineBytes must hold a longest key with each byte percent-encoded");
        Require(MaxOperations >= 1, "MaxOperations must be 1 or more");
        Require(DefaultDeleteRangeLimit >= 1 && DefaultDeleteRangeLimit <= MaxDeleteRangeLimit, "DefaultDeleteRangeLimit must be 1 to MaxDeleteRangeLimit");
        Require(DefaultScanLimit >= 1 && DefaultScanLimit <= MaxScanLimit, "DefaultScanLimit must be 1 to MaxScanLimit");
        Require(MaxScanBytes >= 1, "MaxScanBytes must be 1 or more");
        Require(DefaultTimeout >= TimeSpan.FromMilliseconds(1) && DefaultTimeout <= MaxTimeout, "DefaultTimeout must be 1 ms to MaxTimeout");
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new ArgumentException($"{what}.");
        }
    }
}
