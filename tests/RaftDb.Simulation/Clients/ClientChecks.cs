using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Simulation.Core;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Simulation.Clients;

/// <summary>Holds what clients are told against what they were told before. The log gives every operation its place, so that real time can be checked at once: who begins
/// after another has been answered comes later in the log.</summary>
internal sealed class ClientChecks(SimCluster world)
{
    private readonly Dictionary<RangeId, List<(long At, ulong Index)>> _known = [];
    private readonly Dictionary<string, ulong> _versions = [];

    /// <summary>The highest index that any client was told of.</summary>
    public ulong Known(RangeId range) => _known.TryGetValue(range, out List<(long At, ulong Index)>? known) ? known[^1].Index : 0;

    /// <summary>The last version of a key that any client was told of.</summary>
    public ulong LastVersion(string key) => _versions.GetValueOrDefault(key);

    public void Ended(ClientOperation operation)
    {
        if (operation.End != OperationEnd.Done)
        {
            return;
        }

        switch (operation.Type)
        {
            case OperationType.Get or OperationType.ScanAccounts:
                Require(operation.Index >= operation.KnownBefore, operation, $"shows index {operation.Index}, and {operation.KnownBefore} was known when it began");
                Learn(operation.Range, operation.Index);
                break;
            case OperationType.GetBounded or OperationType.GetSession or OperationType.GetEventual:
                break;
            default:
                Require(operation.Index > operation.KnownBefore, operation, $"was written at {operation.Index}, and {operation.KnownBefore} was known when it began");
                Learn(operation.Range, operation.Index);
                break;
        }

        if (operation is { Type: OperationType.CompareAndPut, Succeeded: true })
        {
            Require(operation.Version == operation.ExpectedVersion + 1, operation, $"expected version {operation.ExpectedVersion} and made version {operation.Version}");
        }

        if (operation.Type is not OperationType.ScanAccounts)
        {
            _versions[operation.Key] = operation.Version;
        }

        world.Marks.Hit(operation.Type.ToString());
    }

    /// <summary>Everything committed before the age that was told is shown.</summary>
    public void Bounded(ClientOperation operation, TimeSpan? age, TimeSpan bound)
    {
        Require(age is { } told && told <= bound, operation, $"is {age} old, and {bound} was asked for");

        // The age is by the clock of a node, which drifts; and the view was opened some time after the request began.
        long before = operation.Started - (long)(age!.Value.Ticks * 100 * 1.3) - 1_000_000;
        ulong known = KnownAt(operation.Range, before);
        Require(operation.Index >= known, operation, $"shows index {operation.Index} and is {age} old, but {known} was known before that");
    }

    public void Session(ClientOperation operation, ulong seen) =>
        Require(operation.Index >= seen, operation, $"shows index {operation.Index} in a session that has seen {seen}");

    public void Money(ClientOperation operation, long sum)
    {
        const long All = SimClients.Accounts * SimClients.AccountStart;
        Require(sum == All, operation, $"finds {sum} in all accounts together instead of {All}");
    }

    public void Items(ClientOperation operation, IReadOnlyList<bool> possible, CommandResult result)
    {
        Require(result.Items?.Count == possible.Count, operation, $"has {possible.Count} items, and the answer {result.Items?.Count}");
        for (int i = 0; i < possible.Count; i++)
        {
            Require(result.Items![i].Status == (possible[i] ? CommandStatus.Done : CommandStatus.Rejected), operation, $"was told that item {i} is {result.Items[i].Status}");
        }
    }

    private void Learn(RangeId range, ulong index)
    {
        if (!_known.TryGetValue(range, out List<(long At, ulong Index)>? known))
        {
            _known.Add(range, known = []);
        }

        if (known.Count == 0 || known[^1].Index < index)
        {
            known.Add((world.Time.Now, index));
        }
    }

    private ulong KnownAt(RangeId range, long time)
    {
        if (!_known.TryGetValue(range, out List<(long At, ulong Index)>? known))
        {
            return 0;
        }

        int low = 0;
        int high = known.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (known[middle].At <= time)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low == 0 ? 0 : known[low - 1].Index;
    }

    private static void Require(bool holds, ClientOperation operation, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException($"client operation {operation.Id} ({operation.Type} {operation.Key} at node {operation.Node + 1}) {broken.ToString()}");
        }
    }
}
