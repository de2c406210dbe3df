using System.Globalization;
using System.Text.Json;

namespace RaftDb.ClusterTests;

/// <summary>A watcher that is cut off again and again, and goes on at another node where it was, while leaders are killed.</summary>
[NonParallelizable]
internal sealed class WatchTests
{
    private const ulong Range = 2;
    private const int Keys = 4;
    private const int Kills = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-watch-").FullName;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Dictionary<string, List<ulong>> _seen = [];
    private readonly Random _random = new(17);
    private string _token = "";
    private int _connections;

    [OneTimeTearDown]
    public void RemoveDirectory()
    {
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Test]
    public async Task A_watcher_sees_every_change_once_and_in_order_through_kills_of_the_leader_and_its_own()
    {
        using NodeCluster nodes = new(_directory);
        await nodes.StartAllAsync();
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenSource stopWriting = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
        using CancellationTokenSource stopWatching = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
        TaskCompletionSource watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task watcher = WatchAsync(nodes, watching, stopWatching.Token);
        await watching.Task.WaitAsync(patience.Token);
        Task writer = WriteAsync(nodes, stopWriting.Token);

        for (int kill = 0; kill < Kills; kill++)
        {
            int before = Changes();
            int leader = await nodes.LeaderAsync(Range);
            nodes.Kill(leader);
            await UntilAsync(() => Changes() > before + 50, patience.Token);
            nodes.Start(leader);
            await nodes.ReadyAsync(leader);
        }

        await stopWriting.CancelAsync();
        await writer;
        Dictionary<string, ulong> versions = await VersionsAsync(nodes, patience.Token);
        await UntilAsync(() => versions.All(v => Last(v.Key) >= v.Value), patience.Token);
        await stopWatching.CancelAsync();
        await watcher;

        foreach ((string key, ulong version) in versions)
        {
            Assert.That(_seen[key], Is.EqualTo(Enumerable.Range(1, (int)version).Select(i => (ulong)i)), key);
        }

        Assert.That(_connections, Is.GreaterThan(Kills), "it was cut off");
    }

    private static async Task UntilAsync(Func<bool> holds, CancellationToken cancel)
    {
        while (!holds())
        {
            await Task.Delay(10, cancel);
        }
    }

    private int Changes()
    {
        lock (_seen)
        {
            return _seen.Values.Sum(versions => versions.Count);
        }
    }

    private ulong Last(string key)
    {
        lock (_seen)
        {
            return _seen.TryGetValue(key, out List<ulong>? versions) ? versions[^1] : 0;
        }
    }

    /// <summary>Writes as fast as it goes; what fails may be done or not, the versions will tell.</summary>
    private async Task WriteAsync(NodeCluster nodes, CancellationToken stop)
    {
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                using HttpResponseMessage answer = await _http.PutAsync(
                    new Uri($"http://{nodes.Server(1 + (i % 3))}/v1/kv/key-{i % Keys}"), new StringContent(i.ToString(CultureInfo.InvariantCulture)), stop);
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
            {
                // The node is down, or it is enough.
            }
        }
    }

    private async Task WatchAsync(NodeCluster nodes, TaskCompletionSource watching, CancellationToken stop)
    {
        for (int node = 1; !stop.IsCancellationRequested; node = (node % 3) + 1)
        {
            // Killed after a while, wherever it is.
            using CancellationTokenSource life = CancellationTokenSource.CreateLinkedTokenSource(stop);
            life.CancelAfter(_random.Next(200, 1500));
            try
            {
                await FollowAsync(nodes.Server(node), watching, life.Token);
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
            {
                // Cut off: on at the next node.
            }
        }
    }

    private async Task FollowAsync(string server, TaskCompletionSource watching, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await _http.GetAsync(
            new Uri($"http://{server}/v1/watch?prefix=key-&from={_token}"), HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!answer.IsSuccessStatusCode)
        {
            string problem = await answer.Content.ReadAsStringAsync(cancel);
            Assert.That(problem, Does.Contain("unavailable").Or.Contain("not_leader"), "nothing else may be wrong");
            return;
        }

        _connections++;
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync(cancel));
        string id = _token;
        string? data = null;
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line[6..];
            }
            else if (line.Length == 0)
            {
                Take(data);
                (_token, data) = (id, null);
                watching.TrySetResult();
            }
        }
    }

    private void Take(string? data)
    {
        if (data is null || JsonDocument.Parse(data).RootElement is var change && !change.TryGetProperty("op", out _))
        {
            return;
        }

        lock (_seen)
        {
            string key = change.GetProperty("key").GetString()!;
            if (!_seen.TryGetValue(key, out List<ulong>? versions))
            {
                _seen.Add(key, versions = []);
            }

            versions.Add(change.GetProperty("version").GetUInt64());
        }
    }

    private async Task<Dictionary<string, ulong>> VersionsAsync(NodeCluster nodes, CancellationToken cancel)
    {
        string page = await _http.GetStringAsync(new Uri($"http://{nodes.Server(1)}/v1/kv?prefix=key-&keys_only=true"), cancel);
        return JsonDocument.Parse(page).RootElement.GetProperty("items").EnumerateArray()
            .ToDictionary(item => item.GetProperty("key").GetString()!, item => item.GetProperty("version").GetUInt64());
    }
}
