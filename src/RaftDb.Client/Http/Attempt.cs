namespace RaftDb.Client.Http;

/// <summary>What may follow a failed attempt.</summary>
internal enum Retry
{
    /// <summary>Nothing: it is an answer, or sending again isn't safe.</summary>
    No,

    /// <summary>At once on another node, if one is left: this one is down or broke off.</summary>
    Elsewhere,

    /// <summary>After a pause: the cluster needs a moment.</summary>
    Later,
}

/// <summary>One sending of a request to one node, and how it went: an answer or an error, never both.</summary>
internal sealed record Attempt(Answer? Answer, RaftDbException? Error, Retry Retry = Retry.No, bool NodeFailed = false, bool OutcomeUnknown = false);

/// <summary>A successful answer, read whole.</summary>
internal sealed class Answer(HttpResponseMessage response, byte[] body)
{
    public byte[] Body { get; } = body;

    public string? Header(string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    public ulong? Number(string name) => ulong.TryParse(Header(name), out ulong number) ? number : null;
}
