using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Storage.StateMachines;

/// <summary>One branch of a transaction.</summary>
/// <param name="Position">Where it stands in the command.</param>
/// <param name="NeedsSavepoint">Whether an operation can be rejected after another one wrote, so that a part must be taken back.</param>
internal readonly record struct Branch(int Position, bool NeedsSavepoint);

/// <summary>A transaction read through once: where its parts stand, and whether it may be done at all.</summary>
internal readonly record struct Outline(int Conditions, Branch Then, Branch Else, bool IsInRange, string? Rejection)
{
    /// <summary>Reads from the conditions to the end of the second branch. Throws <see cref="UnknownCommandException"/> for what this version doesn't know.</summary>
    public static Outline Of(ref CommandReader reader, RangeDescriptor descriptor)
    {
        int conditions = reader.Position;
        bool inRange = true;
        string? rejection = null;
        int count = reader.Count();
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> key = reader[reader.Condition().Key];
            inRange &= descriptor.Contains(key);
            rejection ??= key.IsEmpty ? "a key must have at least 1 byte" : null;
        }

        Branch then = Read(ref reader, descriptor, ref inRange, ref rejection);
        Branch otherwise = Read(ref reader, descriptor, ref inRange, ref rejection);
        return new(conditions, then, otherwise, inRange, rejection);
    }

    private static Branch Read(ref CommandReader reader, RangeDescriptor descriptor, ref bool inRange, ref string? rejection)
    {
        int position = reader.Position;
        int count = reader.Count();
        bool wrote = false;
        bool needsSavepoint = false;
        for (int i = 0; i < count; i++)
        {
            OperationView operation = reader.Operation();
            ReadOnlySpan<byte> key = reader[operation.Key];
            if (operation.Kind == OperationKind.DeleteRange)
            {
                inRange &= descriptor.Contains(key) && EndsIn(reader[operation.End], descriptor);
                rejection ??= operation.Number < 1 ? "the limit must be at least 1" : null;
            }
            else
            {
                inRange &= descriptor.Contains(key);
                rejection ??= key.IsEmpty ? "a key must have at least 1 byte" : null;
            }

            needsSavepoint |= wrote && operation.Kind is (OperationKind.Increment or OperationKind.Append);
            wrote |= operation.Writes;
        }

        return new(position, needsSavepoint);
    }

    // An end is exclusive, so that it may be the range's own end.
    private static bool EndsIn(ReadOnlySpan<byte> end, RangeDescriptor descriptor) =>
        descriptor.End is not { } last || (!end.IsEmpty && end.SequenceCompareTo(last.Span) <= 0);
}
