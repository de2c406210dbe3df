using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api;

/// <summary>What every data request may say in its headers.</summary>
/// <param name="Timeout">How long the answer may take.</param>
/// <param name="Token">What the client has seen.</param>
/// <param name="Session">What makes a write exactly once; reads don't look at it.</param>
internal readonly record struct RequestContext(TimeSpan Timeout, SessionToken Token, SessionWrite? Session = null)
{
    /// <summary>Reads the headers; null when they are fine.</summary>
    public static RequestError? Parse(IHeaderDictionary headers, ApiOptions options, out RequestContext context)
    {
        context = new(options.DefaultTimeout, SessionToken.Empty);
        if (SessionHeaders.Parse(headers, out SessionWrite? session) is { } refused)
        {
            return refused;
        }

        context = context with { Session = session };
        if (headers.TryGetValue(HeaderNames.TimeoutMs, out StringValues timeout))
        {
            if (!int.TryParse(timeout.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds)
                || milliseconds < 1
                || milliseconds > options.MaxTimeout.TotalMilliseconds)
            {
                return Refusal.Invalid($"{HeaderNames.TimeoutMs} must be a number from 1 to {(long)options.MaxTimeout.TotalMilliseconds}.");
            }

            context = context with { Timeout = TimeSpan.FromMilliseconds(milliseconds) };
        }

        if (headers.TryGetValue(HeaderNames.Token, out StringValues text) && text.ToString() is { Length: > 0 } given)
        {
            if (!SessionToken.TryParse(given, out SessionToken? token))
            {
                return Refusal.Invalid($"{HeaderNames.Token} is not a token: pass on what an answer carried, or leave it out.");
            }

            context = context with { Token = token };
        }

        return null;
    }

    /// <summary>The read options that a query asks for.</summary>
    public ReadOptions ReadOptions(in QueryArguments query) =>
        query is { Consistency: Consistency.Linearizable, Replica.Kind: ReplicaChoiceKind.Any } && ReferenceEquals(Token, SessionToken.Empty)
            ? Ranges.ReadOptions.Linearizable
            : new(query.Consistency, query.MaxStaleness, query.Replica, Token);
}
