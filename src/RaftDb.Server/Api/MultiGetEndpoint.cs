using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Server.Api;

/// <summary>POST /v1/get: keys of any ranges, each range asked once for all of its keys, several ranges at a time. An answer ends when it is large enough.</summary>
internal sealed class MultiGetEndpoint(IRequestRouter router, ApiOptions options)
{
    /// <summary>Ranges asked at the same time: each may answer a page of <see cref="ApiOptions.MaxScanBytes"/>, which is held until all are written.</summary>
    private const int RangesAtOnce = 8;

    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        (JsonBody? body, RequestError? error) = await JsonBody.ReadAsync(context, Parameters.Read, options).ConfigureAwait(false);
        using JsonBody? owned = body;
        if (body is null)
        {
            return await Problems.SendAsync(context, error!).ConfigureAwait(false);
        }

        if (Parse(body.Root, out List<ReadOnlyMemory<byte>> keys) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        ReadOptions read = body.Context.ReadOptions(body.Query);
        Deadline deadline = router.DeadlineIn(body.Context.Timeout);
        bool[] answered = new bool[keys.Count];
        Row?[] rows = new Row?[keys.Count];
        SessionToken seen = body.Context.Token;
        GetManyAnswer? first = null;
        TimeSpan? staleness = TimeSpan.Zero;
        long bytes = 0;
        foreach (KeyGroup[] groups in KeyGroup.ByRange(keys, router).Chunk(RangesAtOnce))
        {
            Outcome<GetManyAnswer>[] outcomes = await Task.WhenAll(groups.Select(
                group => router.GetManyAsync(group.Range, group.Keys, read, deadline, context.RequestAborted).AsTask())).ConfigureAwait(false);
            for (int i = 0; i < groups.Length; i++)
            {
                (GetManyAnswer? answer, RequestError? failure) = outcomes[i];
                if (answer is null)
                {
                    return await Problems.SendAsync(context, failure!).ConfigureAwait(false);
                }

                first ??= answer;
                seen = seen.With(answer.Range, answer.Index);
                staleness = staleness is null || answer.Staleness is null ? null : TimeSpan.FromTicks(Math.Max(staleness.Value.Ticks, answer.Staleness.Value.Ticks));
                for (int k = 0; k < answer.Rows.Count; k++)
                {
                    answered[groups[i].Ordinals[k]] = true;
                    rows[groups[i].Ordinals[k]] = answer.Rows[k];
                    bytes += answer.Rows[k]?.Value.Length ?? 0;
                }
            }

            if (bytes >= options.MaxScanBytes)
            {
                break;
            }
        }

        AnswerHeaders.Write(context.Response.Headers, first!.Node, first.Range, first.Index, seen);
        AnswerHeaders.WriteStaleness(context.Response.Headers, staleness);
        int unanswered = Array.IndexOf(answered, false);
        int count = unanswered < 0 ? keys.Count : unanswered;
        MultiGetDocument document = new([.. Enumerable.Range(0, count).Select(i => Item(keys[i], rows[i]))], unanswered < 0 ? null : count);
        await JsonAnswer.SendAsync(context, document, Documents.Json.MultiGetDocument).ConfigureAwait(false);
        return null;
    }

    private static MultiGetItem Item(ReadOnlyMemory<byte> key, in Row? row) => row is { } found
        ? new(new BinaryText(key), new BinaryText(found.Value), found.Version, found.Index)
        : new(new BinaryText(key), null, 0, null);

    private RequestError? Parse(JsonElement root, out List<ReadOnlyMemory<byte>> keys)
    {
        keys = [];
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Refusal.Invalid("The body must be an object with keys.");
        }

        JsonMembers members = new(options);
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (member.Name != "keys" || member.Value.ValueKind != JsonValueKind.Array)
            {
                return Refusal.Invalid(member.Name == "keys" ? "keys must be an array." : $"{member.Name} is unknown: the body has keys.");
            }

            if (member.Value.GetArrayLength() > options.MaxOperations)
            {
                return Refusal.TooLarge($"keys has {member.Value.GetArrayLength()} keys: at most {options.MaxOperations} are read at once.");
            }

            foreach (JsonElement element in member.Value.EnumerateArray())
            {
                if (!members.TryKey(element, new($"keys[{keys.Count}]"), out ReadOnlyMemory<byte> key))
                {
                    return members.Error;
                }

                keys.Add(key);
            }
        }

        return keys.Count == 0 ? Refusal.Invalid("There are no keys: give at least one in keys.") : null;
    }

    /// <summary>The keys that lie in one range, in their order.</summary>
    private sealed record KeyGroup(RangeDescriptor Range)
    {
        public List<ReadOnlyMemory<byte>> Keys { get; } = [];

        /// <summary>The place of each in the request, ascending.</summary>
        public List<int> Ordinals { get; } = [];

        /// <summary>Groups by range, in the order of first appearance: what the beginning of the answer needs is asked first.</summary>
        public static IReadOnlyList<KeyGroup> ByRange(List<ReadOnlyMemory<byte>> keys, IRequestRouter router)
        {
            List<KeyGroup> groups = [];
            Dictionary<RangeId, KeyGroup> byRange = [];
            for (int i = 0; i < keys.Count; i++)
            {
                RangeDescriptor range = router.RangeOf(keys[i].Span);
                if (!byRange.TryGetValue(range.Id, out KeyGroup? group))
                {
                    byRange.Add(range.Id, group = new(range));
                    groups.Add(group);
                }

                group.Keys.Add(keys[i]);
                group.Ordinals.Add(i);
            }

            return groups;
        }
    }
}
