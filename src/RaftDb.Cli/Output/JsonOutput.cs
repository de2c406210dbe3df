using System.Text.Encodings.Web;
using System.Text.Json;

namespace RaftDb.Cli.Output;

/// <summary>Answers for programs: one JSON document a line.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Print<T>(T document) => Console.Out.WriteLine(ToText(document));

    public static string ToText<T>(T document) => JsonSerializer.Serialize(document, Options);
}
