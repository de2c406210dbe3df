using System.Text.Json;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api;

/// <summary>Reads the body of POST /v1/txn.</summary>
internal static class TransactionParser
{
    /// <summary>The request, or why it is refused.</summary>
    public static RequestError? Parse(JsonElement root, AckMode ack, ApiOptions options, out WriteRequest? request)
    {
        request = null;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Refusal.Invalid("The body must be an object with compare, then and else.");
        }

        JsonMembers members = new(options);
        OperationParser operations = new(options, members);
        List<Condition> compare = [];
        List<Operation> then = [];
        List<Operation> otherwise = [];
        foreach (JsonProperty member in root.EnumerateObject())
        {
            bool fine = member.Name switch
            {
                "compare" => TryComparisons(member.Value, options, members, compare),
                "then" => operations.TryList(member.Value, "then", then),
                "else" => operations.TryList(member.Value, "else", otherwise),
                _ => members.Fail(new(member.Name), "is unknown: the body has compare, then and else"),
            };
            if (!fine)
            {
                return members.Error;
            }
        }

        if (compare.Count + then.Count + otherwise.Count == 0)
        {
            return Refusal.Invalid("The transaction is empty: give operations in then or else.");
        }

        request = new(compare, then, otherwise, ack);
        return null;
    }

    private static bool TryComparisons(JsonElement list, ApiOptions options, JsonMembers members, List<Condition> conditions)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            return members.Fail(new("compare"), "must be a list of comparisons");
        }

        if (list.GetArrayLength() > options.MaxOperations)
        {
            return members.Fail(Refusal.TooLarge($"compare has {list.GetArrayLength()} comparisons: at most {options.MaxOperations} are allowed."));
        }

        foreach (JsonElement element in list.EnumerateArray())
        {
            if (!TryComparison(element, new("compare", conditions.Count), members, out Condition condition))
            {
                return false;
            }

            conditions.Add(condition);
        }

        return true;
    }

    private static bool TryComparison(JsonElement element, JsonPlace place, JsonMembers members, out Condition condition)
    {
        condition = default;
        if (element.ValueKind != JsonValueKind.Object)
        {
            return members.Fail(place, "must be an object with key and one of version, index, value and exists");
        }

        ReadOnlyMemory<byte> key = default;
        ConditionKind kind = default;
        ulong number = 0;
        ReadOnlyMemory<byte> value = default;
        foreach (JsonProperty member in element.EnumerateObject())
        {
            JsonPlace at = place with { Member = member.Name };
            ConditionKind compared = member.Name switch
            {
                "version" => ConditionKind.Version,
                "index" => ConditionKind.Index,
                "value" => ConditionKind.Value,
                "exists" => ConditionKind.Exists,
                _ => default,
            };
            if (compared != default && kind != default)
            {
                return members.Fail(at, "is one too many: a comparison has one of version, index, value and exists");
            }

            bool fine = member.Name switch
            {
                "key" => members.TryKey(member.Value, at, out key),
                "version" or "index" => members.TryNumber(member.Value, at, out number),
                "value" => members.TryValue(member.Value, at, out value),
                "exists" => TryExists(member.Value, at, members, out number),
                _ => members.Fail(at, "is unknown: a comparison has key and one of version, index, value and exists"),
            };
            if (!fine)
            {
                return false;
            }

            kind = compared == default ? kind : compared;
        }

        condition = new(kind, key, number, value);
        return key.Length == 0 ? members.Fail(place with { Member = "key" }, "is missing")
            : kind != default || members.Fail(place, "compares nothing: give one of version, index, value and exists");
    }

    private static bool TryExists(JsonElement value, JsonPlace place, JsonMembers members, out ulong number)
    {
        number = value.ValueKind == JsonValueKind.True ? 1ul : 0;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False || members.Fail(place, "must be true or false");
    }
}
