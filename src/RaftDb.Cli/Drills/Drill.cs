namespace RaftDb.Cli.Drills;

/// <summary>A failure that is rehearsed.</summary>
internal abstract class Drill
{
    public abstract string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public abstract string Description { get; }

    /// <summary>What must hold for it to pass, beside that nothing acknowledged is lost.</summary>
    public abstract string Promise(DrillSettings settings);

    /// <summary>Settings that the nodes need for it.</summary>
    public virtual IEnumerable<string> NodeSettings => [];

    /// <summary>Whether the writers send a put again whose outcome isn't known.</summary>
    public virtual bool RetriesUnknownOutcomes => false;

    public abstract Task RunAsync(DrillRun run, CancellationToken cancel);
}
