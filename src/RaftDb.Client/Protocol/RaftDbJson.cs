using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace RaftDb.Client.Protocol;

/// <summary>How the documents look as JSON: snake_case names, and text as it is rather than escaped (the answers are JSON, never part of a page).</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BinaryText))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(NodeList))]
[JsonSerializable(typeof(RangeList))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(WriteDocument))]
[JsonSerializable(typeof(ScanDocument))]
[JsonSerializable(typeof(TransactionRequest))]
[JsonSerializable(typeof(TransactionDocument))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(BatchDocument))]
[JsonSerializable(typeof(MultiGetRequest))]
[JsonSerializable(typeof(MultiGetDocument))]
[JsonSerializable(typeof(DeleteRangeDocument))]
[JsonSerializable(typeof(TransferRequest))]
[JsonSerializable(typeof(TransferDocument))]
[JsonSerializable(typeof(DigestDocument))]
[JsonSerializable(typeof(IdDocument))]
[JsonSerializable(typeof(MoveRequest))]
[JsonSerializable(typeof(MoveDocument))]
[JsonSerializable(typeof(CheckRequest))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(SessionDocument))]
internal sealed partial class RaftDbJson : JsonSerializerContext;

/// <summary>The context to use. A class of its own, because the generated half of <see cref="RaftDbJson"/> must be initialised first.</summary>
internal static class Documents
{
    public static readonly RaftDbJson Json =
        new(new JsonSerializerOptions(RaftDbJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
