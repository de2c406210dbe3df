using System.Diagnostics;
using RaftDb.Client;

namespace RaftDb.Cli.Bench;

/// <summary>Keeps the <see cref="LeaderMap"/> fresh: asked again after an error, by one client for all, at most so often.</summary>
internal sealed class LeaderFinder(RaftDbClient client, Endpoint fallback)
{
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _one = new(1);
    private long _refreshed;
    private LeaderMap? _map;

    public LeaderMap Map => Volatile.Read(ref _map) ?? throw new InvalidOperationException("RefreshAsync comes first.");

    /// <summary>False: nobody answered, and what was known stays.</summary>
    public async Task<bool> TryRefreshAsync(CancellationToken cancel)
    {
        try
        {
            await RefreshAsync(cancel);
            return true;
        }
        catch (RaftDbException)
        {
            return false;
        }
    }

    public async Task RefreshAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (_map is not null && Stopwatch.GetElapsedTime(_refreshed) < AtMostEvery)
            {
                return;
            }

            Volatile.Write(ref _map, LeaderMap.Of(await client.StatusAsync(cancel), fallback));
            _refreshed = Stopwatch.GetTimestamp();
        }
        finally
        {
            _one.Release();
        }
    }
}
