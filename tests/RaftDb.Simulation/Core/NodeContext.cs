namespace RaftDb.Simulation.Core;

/// <summary>Where the asynchronous code of one process goes on: as events of the virtual time, never on another thread. What a dead process still waited for never goes on.</summary>
internal sealed class NodeContext(EventQueue time, IDoer process) : SynchronizationContext
{
    /// <summary>How often code of any process was continued.</summary>
    public long Posts { get; private set; }

    public override void Post(SendOrPostCallback d, object? state)
    {
        Posts++;
        time.At(time.Now, process, d, state);
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nothing in the simulation waits for another thread.");

    public override SynchronizationContext CreateCopy() => this;
}
