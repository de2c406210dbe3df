using System.Text.Json;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>Reads the body of POST /v1/batch.</summary>
internal static class BatchParser
{
    /// <summary>The operations; null when they are fine.</summary>
    public static RequestError? Parse(JsonElement root, AckMode ack, ApiOptions options, out List<Operation> operations)
    {
        operations = [];
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Refusal.Invalid("The body must be an object with ops.");
        }

        JsonMembers members = new(options);
        foreach (JsonProperty member in root.EnumerateObject())
        {
            bool fine = member.Name == "ops"
                ? new OperationParser(options, members).TryList(member.Value, "ops", operations)
                : members.Fail(new(member.Name), "is unknown: the body has ops");
            if (!fine)
            {
                return members.Error;
            }
        }

        return operations.Count == 0 ? Refusal.Invalid("The batch is empty: give operations in ops.") : Forbidden(operations, ack);
    }

    private static RequestError? Forbidden(List<Operation> operations, AckMode ack)
    {
        for (int i = 0; i < operations.Count; i++)
        {
            OperationKind kind = operations[i].Kind;
            if (kind == OperationKind.Get)
            {
                return Refusal.Invalid($"ops[{i}].get is no write: read with GET, or within a transaction.");
            }

            if (ack == AckMode.Leader && kind is not (OperationKind.Put or OperationKind.Delete))
            {
                return Refusal.Invalid($"ops[{i}] is neither put nor delete: ack=leader is for those, because what others answer is known only when they are applied.");
            }
        }

        return null;
    }
}
