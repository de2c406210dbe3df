using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RaftDb.Client;

/// <summary>A node's HTTP address.</summary>
internal readonly record struct Endpoint(string Host, int Port)
{
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    public static bool TryParse(string text, out Endpoint endpoint)
    {
        endpoint = default;
        text = text.Trim();
        int colon = text.LastIndexOf(':');
        if (colon <= 0
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)
            || port is 0 or > IPEndPoint.MaxPort)
        {
            return false;
        }

        string host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
        }
        else if (host.Contains(':'))
        {
            return false;
        }

        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            return false;
        }

        endpoint = new(host, port);
        return true;
    }

    /// <summary>Several, separated by commas.</summary>
    public static bool TryParseList(string text, [NotNullWhen(true)] out IReadOnlyList<Endpoint>? endpoints, out string? wrong)
    {
        List<Endpoint> list = [];
        endpoints = null;
        wrong = null;
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryParse(part, out Endpoint endpoint))
            {
                wrong = part;
                return false;
            }

            if (!list.Contains(endpoint))
            {
                list.Add(endpoint);
            }
        }

        if (list.Count == 0)
        {
            wrong = text;
            return false;
        }

        endpoints = list;
        return true;
    }
}
