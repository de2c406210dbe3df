using System.Net;
using System.Net.Sockets;

namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>Ports on loopback that nobody listens on now.</summary>
internal static class Ports
{
    public static int[] Free(int count)
    {
        // All are held until all are found, so that they differ.
        TcpListener[] held = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        try
        {
            return [.. held.Select(listener =>
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            })];
        }
        finally
        {
            foreach (TcpListener listener in held)
            {
                listener.Dispose();
            }
        }
    }
}
