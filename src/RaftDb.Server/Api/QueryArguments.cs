using System.Globalization;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ids;
using RaftDb.Server.Ranges;
using RaftDb.Server.Replicas;
using RaftDb.Storage;

namespace RaftDb.Server.Api;

/// <summary>The query parameters that exist; each endpoint allows some.</summary>
[Flags]
internal enum Parameters
{
    None = 0,
    Consistency = 1 << 0,
    MaxStaleness = 1 << 1,
    Replica = 1 << 2,
    Ack = 1 << 3,
    Ttl = 1 << 4,
    Start = 1 << 5,
    End = 1 << 6,
    Prefix = 1 << 7,
    Limit = 1 << 8,
    Reverse = 1 << 9,
    KeysOnly = 1 << 10,
    Encoding = 1 << 11,
    Key = 1 << 12,
    From = 1 << 13,
    Count = 1 << 14,

    Read = Consistency | MaxStaleness | Replica,
    Watch = Start | End | Prefix | From,
    Scan = Read | Start | End | Prefix | Limit | Reverse | KeysOnly | Encoding,
}

/// <summary>The query, parsed and checked. Strict: a parameter that is unknown, given twice, or wrong is refused by name, because ignoring
/// <c>consistancy=linearizable</c> would answer something else than what was asked for.</summary>
internal struct QueryArguments
{
    public Parameters Given;
    public Consistency Consistency;
    public TimeSpan MaxStaleness;
    public ReplicaChoice Replica;
    public AckMode Ack;
    public long TtlMilliseconds;
    public byte[]? Start;
    public byte[]? End;
    public byte[]? Prefix;
    public byte[]? Key;
    public int Limit;
    public int Count;
    public bool Reverse;
    public bool KeysOnly;
    public bool Base64;
    public string? From;

    /// <summary>Parses the query; null when it is fine.</summary>
    public static RequestError? Parse(ReadOnlySpan<char> query, Parameters allowed, ApiOptions options, out QueryArguments arguments)
    {
        arguments = default;
        while (!query.IsEmpty)
        {
            int ampersand = query.IndexOf('&');
            ReadOnlySpan<char> pair = ampersand < 0 ? query : query[..ampersand];
            query = ampersand < 0 ? default : query[(ampersand + 1)..];
            if (!pair.IsEmpty && arguments.Accept(pair, allowed, options) is { } error)
            {
                return error;
            }
        }

        if (arguments.Consistency == Consistency.Bounded != ((arguments.Given & Parameters.MaxStaleness) != 0))
        {
            return Refusal.Invalid(arguments.Consistency == Consistency.Bounded
                ? "consistency=bounded needs max_staleness, for example max_staleness=500ms."
                : "max_staleness goes with consistency=bounded only.");
        }

        return null;
    }

    private RequestError? Accept(ReadOnlySpan<char> pair, Parameters allowed, ApiOptions options)
    {
        int equals = pair.IndexOf('=');
        ReadOnlySpan<char> name = equals < 0 ? pair : pair[..equals];
        Parameters parameter = Named(name) & allowed;
        if (parameter == Parameters.None)
        {
            return Refusal.Invalid($"There is no parameter '{name}' here; there is {Names(allowed)}.");
        }

        if ((Given & parameter) != 0)
        {
            return Refusal.Invalid($"The parameter '{name}' is given twice.");
        }

        Given |= parameter;
        ReadOnlySpan<char> encoded = equals < 0 ? default : pair[(equals + 1)..];
        if (!PercentDecoder.TryDecode(encoded, out byte[]? bytes))
        {
            return Refusal.Invalid($"The parameter '{name}' is not percent-encoded correctly.");
        }

        // A bare name switches a switch on.
        bool known = equals < 0 ? Switch(parameter) : Set(parameter, encoded.Contains('%') ? System.Text.Encoding.UTF8.GetString(bytes) : encoded, bytes, options);
        return known ? null : Refusal.Invalid($"The parameter '{name}' must be {Expected(parameter, options)}.");
    }

    private bool Switch(Parameters parameter)
    {
        Reverse |= parameter == Parameters.Reverse;
        KeysOnly |= parameter == Parameters.KeysOnly;
        return parameter is Parameters.Reverse or Parameters.KeysOnly;
    }

    private bool Set(Parameters parameter, ReadOnlySpan<char> text, byte[] bytes, ApiOptions options)
    {
        switch (parameter)
        {
            case Parameters.Consistency:
                Consistency = text switch { "bounded" => Consistency.Bounded, "session" => Consistency.Session, "eventual" => Consistency.Eventual, _ => default };
                return Consistency != default || text is "linearizable";

            case Parameters.Replica:
                return TryReplica(text);

            case Parameters.Ack:
                Ack = text switch { "all" => AckMode.All, "leader" => AckMode.Leader, _ => default };
                return Ack != default || text is "quorum";

            case Parameters.Encoding:
                Base64 = text is "base64";
                return Base64 || text is "utf8";

            case Parameters.Reverse:
                return TryBool(text, out Reverse);

            case Parameters.KeysOnly:
                return TryBool(text, out KeysOnly);

            case Parameters.MaxStaleness:
                return Durations.TryParse(text, out MaxStaleness) && MaxStaleness > TimeSpan.Zero;

            case Parameters.Ttl:
                bool isDuration = Durations.TryParse(text, out TimeSpan ttl);
                TtlMilliseconds = (long)ttl.TotalMilliseconds;
                return isDuration && TtlMilliseconds > 0;

            case Parameters.Limit:
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out Limit) && Limit >= 1 && Limit <= options.MaxScanLimit;

            case Parameters.Count:
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out Count) && Count is >= 1 and <= UniqueIds.MaxCount;

            case Parameters.Start:
                Start = bytes;
                return bytes.Length <= options.MaxKeyBytes + 1;

            case Parameters.End:
                End = bytes.Length == 0 ? null : bytes;
                return bytes.Length <= options.MaxKeyBytes + 1;

            case Parameters.Prefix:
                Prefix = bytes.Length == 0 ? null : bytes;
                return bytes.Length <= options.MaxKeyBytes;

            case Parameters.From:
                From = System.Text.Encoding.UTF8.GetString(bytes);
                return true;

            default:
                Key = bytes;
                return true;
        }
    }

    private bool TryReplica(ReadOnlySpan<char> text)
    {
        switch (text)
        {
            case "any":
                Replica = new(ReplicaChoiceKind.Any);
                return true;
            case "leader":
                Replica = new(ReplicaChoiceKind.Leader);
                return true;
            case "follower":
                Replica = new(ReplicaChoiceKind.Follower);
                return true;
            default:
                bool isNode = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong node) && node > 0;
                Replica = new(ReplicaChoiceKind.Node, new NodeId(node));
                return isNode;
        }
    }

    private static bool TryBool(ReadOnlySpan<char> text, out bool value)
    {
        value = text is "true";
        return value || text is "false";
    }

    private static Parameters Named(ReadOnlySpan<char> name) => name switch
    {
        "consistency" => Parameters.Consistency,
        "max_staleness" => Parameters.MaxStaleness,
        "replica" => Parameters.Replica,
        "ack" => Parameters.Ack,
        "ttl" => Parameters.Ttl,
        "start" => Parameters.Start,
        "end" => Parameters.End,
        "prefix" => Parameters.Prefix,
        "limit" => Parameters.Limit,
        "reverse" => Parameters.Reverse,
        "keys_only" => Parameters.KeysOnly,
        "encoding" => Parameters.Encoding,
        "key" => Parameters.Key,
        "count" => Parameters.Count,
        "from" => Parameters.From,
        _ => Parameters.None,
    };

    private static string Names(Parameters allowed)
    {
        string[] all =
            ["consistency", "max_staleness", "replica", "ack", "ttl", "start", "end", "prefix", "limit", "reverse", "keys_only", "encoding", "key", "from", "count"];
        string names = string.Join(", ", all.Where(name => (Named(name) & allowed) != 0));
        return names.Length == 0 ? "none" : names;
    }

    private static string Expected(Parameters parameter, ApiOptions options) => parameter switch
    {
        Parameters.Consistency => "linearizable, bounded, session or eventual",
        Parameters.Replica => "leader, follower, any or a node's number",
        Parameters.Ack => "quorum, all or leader",
        Parameters.Encoding => "utf8 or base64",
        Parameters.Reverse or Parameters.KeysOnly => "true or false",
        Parameters.MaxStaleness or Parameters.Ttl => $"{Durations.Expected}, and more than nothing",
        Parameters.Limit => $"a number from 1 to {options.MaxScanLimit}",
        Parameters.Count => $"a number from 1 to {UniqueIds.MaxCount}",
        Parameters.Prefix => $"percent-encoded bytes, at most {options.MaxKeyBytes}",
        _ => $"percent-encoded bytes, at most {options.MaxKeyBytes + 1}",
    };
}
