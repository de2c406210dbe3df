using System.Text.Json;
using RaftDb.Client.Protocol;

namespace RaftDb.Client.Watches;

/// <summary>What a stream says at once: a change, or only how far it has come.</summary>
/// <param name="Token">Behind what was said.</param>
/// <param name="Event">The change; null = none.</param>
internal readonly record struct WatchLine(string Token, WatchEvent? Event);

/// <summary>Reads server-sent events line by line.</summary>
internal sealed class WatchLineReader(StreamReader lines)
{
    private string _id = "";
    private string _kind = "";
    private string _data = "";

    /// <summary>The next block; null when the stream has ended. Throws <see cref="RaftDbException"/> with what a node said last.</summary>
    public async Task<WatchLine?> ReadAsync(CancellationToken cancel)
    {
        while (await lines.ReadLineAsync(cancel).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
            {
                if (Block() is { } block)
                {
                    return block;
                }
            }
            else if (Field(line, "id") is { } id)
            {
                _id = id;
            }
            else if (Field(line, "event") is { } kind)
            {
                _kind = kind;
            }
            else if (Field(line, "data") is { } data)
            {
                _data += data;
            }
        }

        return null;
    }

    private static string? Field(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':' ? line[(name.Length + 1)..].TrimStart(' ') : null;

    private WatchLine? Block()
    {
        (string kind, string data) = (_kind, _data);
        (_kind, _data) = ("", "");
        if (kind == "error")
        {
            throw Problem(data);
        }

        if (data.Length == 0)
        {
            return _id.Length == 0 ? null : new WatchLine(_id, null);
        }

        try
        {
            WatchEvent told = JsonSerializer.Deserialize<WatchEvent>(data, Json.Options) ?? throw new JsonException("null");
            return new WatchLine(_id, told);
        }
        catch (JsonException failure)
        {
            throw new RaftDbException(RaftDbErrorCodes.Internal, "An event of the watch can't be read.", failure);
        }
    }

    private static RaftDbException Problem(string data)
    {
        try
        {
            ProblemDocument problem = JsonSerializer.Deserialize<ProblemDocument>(data, Json.Options) ?? throw new JsonException("null");
            return problem.Code == RaftDbErrorCodes.Compacted
                ? new RaftDbCompactedException(problem.Detail, problem.Index)
                : new RaftDbException(problem.Code, problem.Detail);
        }
        catch (JsonException failure)
        {
            return new RaftDbException(RaftDbErrorCodes.Internal, "The last event of the watch can't be read.", failure);
        }
    }
}
