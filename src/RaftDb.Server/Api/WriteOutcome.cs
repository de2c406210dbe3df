using System.Text.Json;
using RaftDb.Raft;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>What a write's answer means for the client.</summary>
internal static class WriteOutcome
{
    /// <summary>Why the write did nothing; null when it was done, or will be (ack=leader).</summary>
    public static RequestError? Failure(WriteAnswer answer)
    {
        if (Rejection(answer) is { } rejection)
        {
            return rejection;
        }

        if (answer.Result is not { Succeeded: false } result)
        {
            return null;
        }

        Check.That(result.FailedCondition is not null, $"entry {result.Index} of range {answer.Range} did not succeed, yet names no failed condition");
        FailedCondition failed = result.FailedCondition.Value;
        string detail = failed.Version == 0
            ? "The key is absent."
            : $"The key's version is {failed.Version}, last changed by index {failed.Index}.";
        return new(ErrorCode.ConditionFailed, detail, Version: failed.Version, Index: failed.Index);
    }

    /// <summary>Why the state machine rejected the command as a whole; null when it did not.</summary>
    public static RequestError? Rejection(WriteAnswer answer)
    {
        // A command that met a split is sent on by the router.
        Check.That(answer.Result?.Status != CommandStatus.OutOfRange, $"range {answer.Range} answered a key that it does not hold");
        return answer.Result is { Status: CommandStatus.Rejected } rejected
            ? Refusal.Invalid(rejected.Detail ?? "The operation can't be done on what the key holds.")
            : null;
    }

    /// <summary>The answer to PUT and DELETE of a key.</summary>
    public static void Write(Utf8JsonWriter writer, OperationKind kind, WriteAnswer answer, out ulong? version)
    {
        version = null;
        writer.WriteStartObject();
        if (answer.Result is { } result)
        {
            OperationResult done = result.Results[0];
            if (kind == OperationKind.Delete)
            {
                writer.WriteBoolean("deleted"u8, done.Count > 0);
            }

            writer.WriteNumber("range"u8, answer.Range.Value);
            writer.WriteNumber("index"u8, answer.Position.Index.Value);
            if (kind == OperationKind.Put)
            {
                writer.WriteNumber("version"u8, done.Version);
                version = done.Version;
            }
        }
        else
        {
            writer.WriteNumber("range"u8, answer.Range.Value);
            writer.WriteNumber("term"u8, answer.Position.Term.Value);
            writer.WriteNumber("index"u8, answer.Position.Index.Value);
            writer.WriteBoolean("committed"u8, answer.Committed);
        }

        WriteNodes(writer, "acked"u8, answer.Acked);
        WriteNodes(writer, "absent"u8, answer.Absent);
        writer.WriteEndObject();
    }

    /// <summary>Node numbers for a document.</summary>
    public static IReadOnlyList<ulong>? Numbers(IReadOnlyList<NodeId>? nodes) => nodes?.Select(node => node.Value).ToArray();

    private static void WriteNodes(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<NodeId>? nodes)
    {
        if (nodes is null)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (NodeId node in nodes)
        {
            writer.WriteNumberValue(node.Value);
        }

        writer.WriteEndArray();
    }
}
