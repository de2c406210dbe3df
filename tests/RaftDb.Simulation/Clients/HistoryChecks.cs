using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Simulation.Core;

namespace RaftDb.Simulation.Clients;

/// <summary>At the end: what was read was written, by an operation that may have been done, and by the last one before.</summary>
internal sealed class HistoryChecks(IReadOnlyList<ClientOperation> operations)
{
    private readonly HashSet<string> _maybeDeleted = [];

    public void Run()
    {
        foreach (ClientOperation operation in operations)
        {
            if (operation is { Type: OperationType.Delete, End: OperationEnd.Open })
            {
                _maybeDeleted.Add(operation.Key);
            }
        }

        Dictionary<string, List<ClientOperation>> writes = [];
        foreach (ClientOperation operation in operations)
        {
            if (operation is { End: OperationEnd.Done, Succeeded: true } && operation.Type is OperationType.Put or OperationType.PutEverywhere or OperationType.Delete or OperationType.CompareAndPut or OperationType.Increment)
            {
                if (!writes.TryGetValue(operation.Key, out List<ClientOperation>? list))
                {
                    writes.Add(operation.Key, list = []);
                }

                list.Add(operation);
            }
        }

        foreach (List<ClientOperation> list in writes.Values)
        {
            list.Sort((a, b) => a.Index.CompareTo(b.Index));
            CheckCounter(list);
        }

        foreach (ClientOperation read in operations)
        {
            if (read.End == OperationEnd.Done && read.Type is OperationType.Get or OperationType.GetBounded or OperationType.GetSession or OperationType.GetEventual)
            {
                CheckRead(read, writes.GetValueOrDefault(read.Key));
            }
        }
    }

    private static void CheckCounter(List<ClientOperation> writes)
    {
        for (int i = 1; i < writes.Count; i++)
        {
            Require(writes[i].Index > writes[i - 1].Index, writes[i], $"has the same index {writes[i].Index} as operation {writes[i - 1].Id}");
            if (writes[i].Type == OperationType.Increment)
            {
                Require(Number(writes[i]) > Number(writes[i - 1]), writes[i], $"counted to {Number(writes[i])} after operation {writes[i - 1].Id} had counted to {Number(writes[i - 1])}");
            }
        }
    }

    private static long Number(ClientOperation operation) => long.Parse(System.Text.Encoding.UTF8.GetString(operation.Read!), System.Globalization.CultureInfo.InvariantCulture);

    private void CheckRead(ClientOperation read, List<ClientOperation>? writes)
    {
        Require(read.ReadIndex <= read.Index, read, $"shows index {read.Index} with a row of index {read.ReadIndex}");
        if (read.Read is { Length: >= 8 } value && read.Key.Contains("/key/", StringComparison.Ordinal))
        {
            int id = (int)BitConverter.ToInt64(value);
            Require(id >= 0 && id < operations.Count, read, $"read a value that nobody wrote");
            ClientOperation writer = operations[id];
            Require(writer.Key == read.Key && writer.Written.AsSpan().SequenceEqual(value), read, $"read a value of operation {id} ({writer.Type} {writer.Key})");
            Require(writer.End != OperationEnd.NotDone, read, $"read what operation {id} wrote, which was told that it was not done");
            Require(writer.End != OperationEnd.Done || writer.Index == read.ReadIndex, read, $"read at {read.ReadIndex} what operation {id} wrote at {writer.Index}");
        }

        if (writes is null)
        {
            return;
        }

        // The last write that is known to be at or before what was shown.
        int low = 0;
        int high = writes.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (writes[middle].Index <= read.Index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low > 0)
        {
            ClientOperation last = writes[low - 1];
            bool deleted = last.Type == OperationType.Delete;
            Require(
                deleted || read.Read is not null || _maybeDeleted.Contains(read.Key), read,
                $"shows index {read.Index} and no row, and operation {last.Id} wrote one at {last.Index}");
            Require(deleted || read.Read is null || read.ReadIndex >= last.Index, read, $"shows index {read.Index} with a row of {read.ReadIndex}, and operation {last.Id} wrote at {last.Index}");
            Require(!deleted || read.Read is null || read.ReadIndex > last.Index, read, $"shows a row of {read.ReadIndex}, which operation {last.Id} deleted at {last.Index}");
        }
    }

    private static void Require(bool holds, ClientOperation operation, [InterpolatedStringHandlerArgument(nameof(holds))] ref CheckMessage broken)
    {
        if (!holds)
        {
            throw new SimulationFailedException($"client operation {operation.Id} ({operation.Type} {operation.Key}) {broken.ToString()}");
        }
    }
}
