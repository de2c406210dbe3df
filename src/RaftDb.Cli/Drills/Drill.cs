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

    /// <summary>Whether it breaks the network between the nodes, so that they have to be connected through proxies.</summary>
    public virtual bool BreaksLinks => false;

    /// <summary>How long it may take when nobody says it.</summary>
    public virtual double LimitSeconds(DrillSettings settings) => 300;

    /// <summary>What this machine lacks for it; null when it can run.</summary>
    public virtual string? Missing(DrillSettings settings) => null;

    /// <summary>What must be so before the nodes start for the first time.</summary>
    public virtual void Prepare(DrillSettings settings, ClusterProcesses cluster)
    {
    }

    public abstract Task RunAsync(DrillRun run, CancellationToken cancel);
}
