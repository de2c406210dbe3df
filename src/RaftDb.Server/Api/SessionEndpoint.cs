using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Api;

/// <summary>POST /v1/sessions: mints an id, or says whether one that the client has chosen will do. Nothing is written: each range opens the session with its first write.</summary>
internal sealed class SessionEndpoint(IRequestRouter router, ApiOptions options)
{
    public async ValueTask<ErrorCode?> HandleAsync(HttpContext context)
    {
        (byte[]? body, RequestError? tooLarge) = await RequestBody.ReadAsync(context, options.MaxJsonBytes, "The body").ConfigureAwait(false);
        if (body is null)
        {
            return await Problems.SendAsync(context, tooLarge!).ConfigureAwait(false);
        }

        if (Parse(body, out SessionId? chosen) is { } refused)
        {
            return await Problems.SendAsync(context, refused).ConfigureAwait(false);
        }

        await JsonAnswer.SendAsync(context, new SessionDocument((chosen ?? router.MintSession()).ToString()), Documents.Json.SessionDocument).ConfigureAwait(false);
        return null;
    }

    private static RequestError? Parse(byte[] body, out SessionId? chosen)
    {
        chosen = null;
        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            if (JsonSerializer.Deserialize(body, Documents.Json.SessionRequest) is { Session: { } text })
            {
                if (!SessionId.TryParse(text, out SessionId id))
                {
                    return Refusal.Invalid("session must be 32 hex digits (128 random bits); leave it out to get one.");
                }

                chosen = id;
            }

            return null;
        }
        catch (JsonException exception)
        {
            return Refusal.Invalid($"The body is not the JSON that is expected here: {exception.Message}");
        }
    }
}
