using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api;

/// <summary>The operations of a batch that lie in one range, in their order.</summary>
internal sealed class BatchGroup
{
    /// <summary>The operations.</summary>
    public List<Operation> Operations { get; } = [];

    /// <summary>The place of each in the batch, ascending.</summary>
    public List<int> Ordinals { get; } = [];

    /// <summary>What makes this part of a request exactly once.</summary>
    public SessionWrite? In(SessionWrite? request) => request is { } write ? write with { Part = (uint)Ordinals[0] } : null;

    /// <summary>Groups by range, in the order of first appearance.</summary>
    public static IReadOnlyList<BatchGroup> ByRange(List<Operation> operations, IRequestRouter router)
    {
        List<BatchGroup> groups = [];
        Dictionary<RangeId, BatchGroup> byRange = [];
        RangeDescriptor? last = null;
        for (int i = 0; i < operations.Count; i++)
        {
            ReadOnlySpan<byte> key = operations[i].Key.Span;
            if (last is null || !last.Contains(key))
            {
                last = router.RangeOf(key);
            }

            if (!byRange.TryGetValue(last.Id, out BatchGroup? group))
            {
                byRange.Add(last.Id, group = new());
                groups.Add(group);
            }

            group.Operations.Add(operations[i]);
            group.Ordinals.Add(i);
        }

        return groups;
    }

    /// <summary>Tells what became of each operation.</summary>
    public void Fill(BatchResult[] results, WriteAnswer? answer, RequestError? failure)
    {
        if (failure is not null)
        {
            BatchResult failed = new() { Error = Problems.Document(failure) };
            foreach (int ordinal in Ordinals)
            {
                results[ordinal] = failed;
            }

            return;
        }

        BatchResult common = new()
        {
            Range = answer!.Range.Value,
            Term = answer.Committed ? null : answer.Position.Term.Value,
            Index = answer.Position.Index.Value,
            Committed = answer.Committed ? null : false,
            Acked = WriteOutcome.Numbers(answer.Acked),
            Absent = WriteOutcome.Numbers(answer.Absent),
        };
        for (int i = 0; i < Ordinals.Count; i++)
        {
            results[Ordinals[i]] = answer.Result is { } result ? Document(common, result.Results[i]) : common;
        }
    }

    private static BatchResult Document(BatchResult common, in OperationResult done) => done.Kind switch
    {
        OperationKind.Put => common with { Version = done.Version },
        OperationKind.Delete => common with { Deleted = done.Count > 0 },
        OperationKind.DeleteRange => common with { Count = (int)done.Count, More = done.More },
        OperationKind.Increment => common with { Version = done.Version, Value = new BinaryText(done.Value) },
        _ => throw new ArgumentOutOfRangeException(nameof(done), done.Kind, "An operation that no batch has."),
    };
}
