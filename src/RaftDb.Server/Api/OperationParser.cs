using System.Text.Json;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>Reads lists of operations. Strict: what is unknown is refused, because a misspelt member would otherwise be a different write.</summary>
internal sealed class OperationParser(ApiOptions options, JsonMembers members)
{
    private const string Kinds = "put, delete, delete_range, increment or get";

    /// <summary>Reads a list.</summary>
    public bool TryList(JsonElement list, string name, List<Operation> operations)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            return members.Fail(new(name), "must be a list of operations");
        }

        if (list.GetArrayLength() > options.MaxOperations)
        {
            return members.Fail(Refusal.TooLarge($"{name} has {list.GetArrayLength()} operations: at most {options.MaxOperations} are allowed."));
        }

        foreach (JsonElement element in list.EnumerateArray())
        {
            if (!TryOperation(element, new(name, operations.Count), out Operation operation))
            {
                return false;
            }

            operations.Add(operation);
        }

        return true;
    }

    private bool TryOperation(JsonElement element, JsonPlace place, out Operation operation)
    {
        operation = default;
        if (element.ValueKind != JsonValueKind.Object || element.GetPropertyCount() != 1)
        {
            return members.Fail(place, $"must be an object with one member: {Kinds}");
        }

        JsonProperty only = element.EnumerateObject().First();
        place = place with { Kind = only.Name };
        OperationKind kind = only.Name switch
        {
            "put" => OperationKind.Put,
            "delete" => OperationKind.Delete,
            "delete_range" => OperationKind.DeleteRange,
            "increment" => OperationKind.Increment,
            "get" => OperationKind.Get,
            _ => default,
        };

        return kind == default
            ? members.Fail(place, $"is no operation: {Kinds}")
            : only.Value.ValueKind != JsonValueKind.Object ? members.Fail(place, "must be an object")
            : TryMembers(kind, only.Value, place, out operation);
    }

    private bool TryMembers(OperationKind kind, JsonElement body, JsonPlace place, out Operation operation)
    {
        ReadOnlyMemory<byte> key = default;
        ReadOnlyMemory<byte> value = default;
        ReadOnlyMemory<byte> end = default;
        long number = kind switch { OperationKind.Increment => 1, OperationKind.DeleteRange => options.DefaultDeleteRangeLimit, _ => 0 };
        long ttl = 0;
        bool hasKey = kind == OperationKind.DeleteRange;
        bool hasValue = kind != OperationKind.Put;
        operation = default;
        foreach (JsonProperty member in body.EnumerateObject())
        {
            JsonPlace at = place with { Member = member.Name };
            bool fine = (kind, member.Name) switch
            {
                (not OperationKind.DeleteRange, "key") => hasKey = members.TryKey(member.Value, at, out key),
                (OperationKind.Put, "value") => hasValue = members.TryValue(member.Value, at, out value),
                (OperationKind.Put, "ttl") => members.TryDuration(member.Value, at, out ttl),
                (OperationKind.Increment, "by") => members.TrySigned(member.Value, at, out number),
                (OperationKind.DeleteRange, "start") => members.TryBound(member.Value, at, out key),
                (OperationKind.DeleteRange, "end") => members.TryBound(member.Value, at, out end),
                (OperationKind.DeleteRange, "limit") => TryLimit(member.Value, at, out number),
                _ => members.Fail(at, $"is unknown: {place.Kind} has {MembersOf(kind)}"),
            };
            if (!fine)
            {
                return false;
            }
        }

        if (!hasKey || !hasValue)
        {
            return members.Fail(place with { Member = hasKey ? "value" : "key" }, "is missing");
        }

        if (kind == OperationKind.DeleteRange && end.Length > 0 && key.Span.SequenceCompareTo(end.Span) >= 0)
        {
            return members.Fail(place, "has no key between start, which is inclusive, and end, which is exclusive");
        }

        operation = new(kind, key, value, end, number, ttl);
        return true;
    }

    private bool TryLimit(JsonElement value, JsonPlace place, out long limit) =>
        members.TrySigned(value, place, out limit)
        && ((limit >= 1 && limit <= options.MaxDeleteRangeLimit) || members.Fail(place, $"must be from 1 to {options.MaxDeleteRangeLimit}"));

    private static string MembersOf(OperationKind kind) => kind switch
    {
        OperationKind.Put => "key, value and ttl",
        OperationKind.Increment => "key and by",
        OperationKind.DeleteRange => "start, end and limit",
        _ => "key",
    };
}
