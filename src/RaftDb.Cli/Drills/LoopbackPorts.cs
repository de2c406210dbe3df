using System.Net;
using System.Net.Sockets;

namespace RaftDb.Cli.Drills;

/// <summary>Finds loopback ports for processes that are stopped and started again.</summary>
internal static class LoopbackPorts
{
    /// <summary>Below the ports that systems give to outgoing connections: those could take a node's port while the node is down.</summary>
    private const int First = 10_000;
    private const int End = 32_000;

    /// <summary>A base for which nobody listens on any base + offset now.</summary>
    public static int FreeBase(params IReadOnlyList<int> offsets)
    {
        while (true)
        {
            int candidate = Random.Shared.Next(First, End - offsets.Max());
            if (offsets.All(offset => IsFree(candidate + offset)))
            {
                return candidate;
            }
        }
    }

    /// <summary>Different ports that nobody listens on now.</summary>
    public static int[] Free(int count)
    {
        int first = FreeBase([.. Enumerable.Range(0, count)]);
        return [.. Enumerable.Range(first, count)];
    }

    private static bool IsFree(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
