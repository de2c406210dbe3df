using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using RaftDb.Client.Protocol;

namespace RaftDb.Server.Api;

/// <summary>What the OpenAPI document says of an operation.</summary>
/// <param name="Name">Its operation id.</param>
/// <param name="Summary">In a few words.</param>
/// <param name="Text">In a sentence or two.</param>
/// <param name="Query">Its query parameters.</param>
internal sealed record OperationDescription(string Name, string Summary, string Text, Parameters Query = Parameters.None)
{
    /// <summary>What its body is.</summary>
    public Type? Takes { get; init; }

    /// <summary>The body's content type.</summary>
    public string TakesContent { get; init; } = JsonAnswer.Json;

    /// <summary>What it answers.</summary>
    public Type? Returns { get; init; }

    /// <summary>The answer's content type.</summary>
    public string ReturnsContent { get; init; } = JsonAnswer.Json;

    /// <summary>Whether it takes If-Match and If-None-Match.</summary>
    public bool Conditional { get; init; }

    /// <summary>Whether it may be in a session; every write with an ack may.</summary>
    public bool InSession { get; init; }
}

/// <summary>Puts our endpoints into the OpenAPI document: they are plain request delegates, from which nothing could be inferred.</summary>
internal static class OpenApiDescription
{
    private static readonly (Parameters Parameter, string Name, string Text)[] QueryParameters =
    [
        (Parameters.Consistency, "consistency", "linearizable (default), bounded, session or eventual."),
        (Parameters.MaxStaleness, "max_staleness", "With consistency=bounded: a duration like 500ms or 30s."),
        (Parameters.Replica, "replica", "any (default), leader, follower or a node's number."),
        (Parameters.Ack, "ack", "quorum (default), all or leader."),
        (Parameters.Ttl, "ttl", "How long the key lives: a duration like 30s."),
        (Parameters.Start, "start", "First key, inclusive, percent-encoded."),
        (Parameters.End, "end", "End, exclusive, percent-encoded."),
        (Parameters.Prefix, "prefix", "What the keys begin with, percent-encoded."),
        (Parameters.Limit, "limit", "Most rows, 1 to 10000; 1000 when not given."),
        (Parameters.Reverse, "reverse", "true: from the end downwards."),
        (Parameters.KeysOnly, "keys_only", "true: without values."),
        (Parameters.From, "from", "The id of the last event that was seen, to go on behind it; without it, from now on. Last-Event-ID says the same."),
        (Parameters.Count, "count", "How many, 1 to 4096; 1 when not given."),
        (Parameters.Encoding, "encoding", "utf8 (default): text where key and value are valid UTF-8. base64: always base64."),
    ];

    /// <summary>Titles the document, and describes keys and values in JSON.</summary>
    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "RaftDb";
            document.Info.Description = "A replicated database. Errors are application/problem+json with a code.";

            // The node's address is the one that the reader has used.
            document.Servers?.Clear();
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(BinaryText) || context.JsonTypeInfo.Type == typeof(BinaryText?))
            {
                schema.Type = JsonSchemaType.String | JsonSchemaType.Object;
                schema.Description = "A string where the bytes are valid UTF-8, otherwise {\"base64\":\"…\"}.";
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Describes an endpoint.</summary>
    public static void Describe(this IEndpointConventionBuilder endpoint, OperationDescription description)
    {
        Func<HttpContext, Task> shape = static _ => Task.CompletedTask;
        List<object> metadata =
        [
            // The API explorer passes over endpoints without a method to look at.
            shape.Method,
            new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemDocument), [JsonAnswer.Problem]),
        ];
        if (description.Returns is { } returns)
        {
            metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, returns, [description.ReturnsContent]));
        }

        endpoint.WithMetadata([.. metadata]);
        endpoint.WithName(description.Name).WithSummary(description.Summary).WithDescription(description.Text);
        endpoint.AddOpenApiOperationTransformer(async (operation, context, cancel) =>
        {
            Complete(operation, context.Description.RelativePath ?? "", description);

            // Not by metadata: routing would then refuse what curl sends by default, a form's content type.
            if (description.Takes is { } takes)
            {
                OpenApiSchema schema = await context.GetOrCreateSchemaAsync(takes, null, cancel).ConfigureAwait(false);
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType> { [description.TakesContent] = new() { Schema = schema } },
                };
            }
        });
    }

    private static void Complete(OpenApiOperation operation, string path, OperationDescription description)
    {
        List<IOpenApiParameter> parameters = [.. operation.Parameters ?? []];
        foreach (string name in PathParameters(path))
        {
            if (parameters.All(parameter => parameter.Name != name))
            {
                parameters.Add(Parameter(name, ParameterLocation.Path, name == "key" ? "The key, percent-encoded." : "Its number.", true));
            }
        }

        foreach ((Parameters parameter, string name, string text) in QueryParameters)
        {
            if ((description.Query & parameter) != 0)
            {
                parameters.Add(Parameter(name, ParameterLocation.Query, text));
            }
        }

        if (description.Conditional)
        {
            parameters.Add(Parameter("If-Match", ParameterLocation.Header, "\"3\": only if that is the key's version."));
            parameters.Add(Parameter("If-None-Match", ParameterLocation.Header, "*: only if the key is absent."));
        }

        if ((description.Query & Parameters.Ack) != 0 || description.InSession)
        {
            parameters.Add(Parameter(HeaderNames.Session, ParameterLocation.Header, "The session of a write that is to be done once, however often it is sent: 32 hex digits."));
            parameters.Add(Parameter(HeaderNames.Sequence, ParameterLocation.Header, "With a session: the request's number, from 1."));
            parameters.Add(Parameter(HeaderNames.Acknowledged, ParameterLocation.Header, "With a session: the lowest number still unanswered."));
        }

        if (description.Query != Parameters.None)
        {
            parameters.Add(Parameter(HeaderNames.Token, ParameterLocation.Header, "What the client has seen, from an earlier answer."));
            parameters.Add(Parameter(HeaderNames.TimeoutMs, ParameterLocation.Header, "How long the answer may take, 1 to 60000; 5000 when not given."));
        }

        operation.Parameters = parameters;
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse { Description = "An error, as in 400, with another code." };
    }

    private static IEnumerable<string> PathParameters(string path) =>
        path.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}', '*'));

    private static OpenApiParameter Parameter(string name, ParameterLocation location, string text, bool required = false) => new()
    {
        Name = name,
        In = location,
        Required = required,
        Description = text,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
