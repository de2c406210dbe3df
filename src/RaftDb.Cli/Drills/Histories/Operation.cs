using System.Globalization;

namespace RaftDb.Cli.Drills.Histories;

/// <summary>One operation of one client on one key, as the client saw it. Times are ticks of one clock for the whole history.</summary>
internal sealed record Operation
{
    /// <summary>When an operation without an answer ends.</summary>
    public const long Open = long.MaxValue;

    public required int Client { get; init; }

    public required OperationKind Kind { get; init; }

    public required long Invoked { get; init; }

    /// <summary>When the answer came; <see cref="Open"/> when none did.</summary>
    public long Responded { get; init; } = Open;

    public required OperationOutcome Outcome { get; init; }

    /// <summary>put, compare-and-set: the value written; increment: what is added. Equal numbers are equal values.</summary>
    public long Argument { get; init; }

    /// <summary>compare-and-set: the version that was expected; 0 = absent.</summary>
    public ulong Expected { get; init; }

    /// <summary>Answered delete: whether the key was there; answered compare-and-set: whether the condition held.</summary>
    public bool Succeeded { get; init; } = true;

    /// <summary>Answered read: the value, null = absent; answered increment: the sum.</summary>
    public long? Value { get; init; }

    /// <summary>The version in the answer: that of what was read, or after the change; null when the answer told none.</summary>
    public ulong? Version { get; init; }

    public ReadPromise Promise { get; init; }

    /// <summary>Bounded read: the oldest state allowed, in ticks.</summary>
    public long MaxStaleness { get; init; }

    /// <summary>Where it seems to have taken effect, in any order of places, as that of the log; null when nobody knows. The search tries first what comes first there, and its verdict
    /// does not depend on it.</summary>
    public ulong? Place { get; init; }

    /// <summary>What else helps people, as the node that answered; of no meaning to the check.</summary>
    public string? Note { get; init; }

    /// <summary>A sentence without the times.</summary>
    public override string ToString()
    {
        string asked = Kind switch
        {
            OperationKind.Read => Promise == ReadPromise.Linearizable ? "read" : $"{Promise.ToString().ToLowerInvariant()} read",
            OperationKind.Put => Text($"put {Argument}"),
            OperationKind.Delete => "delete",
            OperationKind.CompareAndSet => Text($"put {Argument} if version {Expected}"),
            _ => Text($"increment by {Argument}"),
        };
        string told = (Outcome, Kind) switch
        {
            (OperationOutcome.Failed, _) => "failed",
            (OperationOutcome.Unknown, _) => "outcome unknown",
            (_, OperationKind.Read) => Value is { } value ? Text($"{value}") : "absent",
            (_, OperationKind.Increment) => Text($"{Value}"),
            (_, OperationKind.Delete) => Succeeded ? "deleted" : "was absent",
            _ => Succeeded ? "done" : "condition failed",
        };
        string version = Version is { } known ? Text($" (version {known})") : "";
        return Text($"client {Client}: {asked} -> {told}{version}{(Note is null ? "" : $" [{Note}]")}");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
