using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;

namespace RaftDb.Server.Hosting;

/// <summary>A node is ready when each of its replicas has once since the start shown everything that was committed (a read index, confirmed by a quorum and applied), and
/// each of its ranges has a leader now.</summary>
internal sealed class Readiness(LocalReplicas replicas, INodeClock clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private volatile string? _starting = "The node is starting.";
    private volatile bool _stopping;

    /// <summary>Null when ready.</summary>
    public string? WhyNot
    {
        get
        {
            if (_stopping)
            {
                return "The node is stopping.";
            }

            if (_starting is { } reason)
            {
                return reason;
            }

            foreach (Replica replica in replicas.All)
            {
                if (replica.Halted is { } halted)
                {
                    return $"The replica of range {replica.Range} has stopped: {halted}";
                }

                if (replica.Leadership.Leader is null)
                {
                    return $"Range {replica.Range} has no leader.";
                }
            }

            return null;
        }
    }

    /// <summary>Whether the node is on its way out.</summary>
    public bool IsStopping => _stopping;

    public void Stopping() => _stopping = true;

    /// <summary>Completes when every replica has caught up.</summary>
    public async Task CatchUpAsync(CancellationToken cancel)
    {
        foreach (Replica replica in replicas.All)
        {
            while (replica.Halted is null)
            {
                cancel.ThrowIfCancellationRequested();
                _starting = $"Range {replica.Range} is catching up, at index {replica.State.Machine.Applied.Index}.";
                ReadResult result = await replica.ReadIndexAsync(clock.Now + Patience);
                if (result.Status == ReadStatus.Ready)
                {
                    break;
                }
            }
        }

        _starting = null;
    }
}
