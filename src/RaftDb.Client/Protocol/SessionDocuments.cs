namespace RaftDb.Client.Protocol;

/// <summary>The body of POST /v1/sessions, which may be left out.</summary>
/// <param name="Session">An id of the client's own choice: 32 hex digits; null to be given one.</param>
public sealed record SessionRequest(string? Session = null);

/// <summary>The answer to POST /v1/sessions.</summary>
/// <param name="Session">The id, for the header RaftDb-Session.</param>
public sealed record SessionDocument(string Session);
