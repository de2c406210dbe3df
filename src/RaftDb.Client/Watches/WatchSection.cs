using System.Threading.Channels;
using RaftDb.Client.Http;

namespace RaftDb.Client.Watches;

/// <summary>
/// One stream of changes, of keys that some nodes all have replicas of. When it breaks it goes on at another of them, behind what it told last: nothing is lost, and nothing told twice.
/// </summary>
internal sealed class WatchSection(
    HttpMessageInvoker http, RaftDbClientOptions options, IReadOnlyList<Endpoint> nodes, ReadOnlyMemory<byte> start, ReadOnlyMemory<byte>? end)
{
    /// <summary>Nodes say something every five seconds.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(12);

    private readonly TaskCompletionSource<string> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RaftDbException _last = new(RaftDbErrorCodes.Unavailable, "No node that has the keys answered. Look at `raftdb status`.");

    /// <summary>Completes with the position that it begins at.</summary>
    public Task<string> Started => _started.Task;

    /// <summary>Why it has not begun yet.</summary>
    public RaftDbException LastFailure => Volatile.Read(ref _last);

    /// <summary>Tells until cancelled, or until it can't go on: then it throws.</summary>
    public async Task RunAsync(string token, ChannelWriter<WatchLine> told, CancellationToken cancel)
    {
        int failures = 0;
        int next = Random.Shared.Next(nodes.Count);
        while (true)
        {
            try
            {
                await foreach (WatchLine line in ReadAsync(nodes[next], token, cancel).ConfigureAwait(false))
                {
                    token = line.Token;
                    failures = 0;
                    _started.TrySetResult(token);
                    await told.WriteAsync(line, cancel).ConfigureAwait(false);
                }
            }
            catch (RaftDbException failure) when (failure.Code is RaftDbErrorCodes.Unavailable or RaftDbErrorCodes.NotLeader or RaftDbErrorCodes.Overloaded
                or RaftDbErrorCodes.RangeChanged or RaftDbErrorCodes.OutcomeUnknown)
            {
                Volatile.Write(ref _last, failure);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                Volatile.Write(ref _last, new(RaftDbErrorCodes.Unavailable, $"The watch at {nodes[next]} broke off ({failure.Message}).", failure));
            }

            next = (next + 1) % nodes.Count;
            failures++;
            double longest = Math.Min(options.LongestRetryDelay.TotalMilliseconds, options.FirstRetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 16)));
            await Task.Delay(TimeSpan.FromMilliseconds(longest * (0.5 + Random.Shared.NextDouble())), cancel).ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<WatchLine> ReadAsync(Endpoint node, string token, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silence.CancelAfter(Silence);
        QueryText target = new("/v1/watch");
        target.Add("start", start.Span);
        if (end is { } bound)
        {
            target.Add("end", bound.Span);
        }

        if (token.Length > 0)
        {
            target.Add("from", token);
        }

        RequestSpec request = new(HttpMethod.Get, target.ToString(), null, Safety.Read);
        using HttpRequestMessage message = request.ToMessage(node, options.RespAttemptTimeout);
        using HttpResponseMessage response = await http.SendAsync(message, silence.Token).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            byte[] body = await response.Content.ReadAsByteArrayAsync(silence.Token).ConfigureAwait(false);
            RaftDbException problem = ProblemReader.Read(response, body, node);
            throw problem.Code == RaftDbErrorCodes.Compacted ? new RaftDbCompactedException(problem.Message, problem.Index) : problem;
        }

        using StreamReader lines = new(await response.Content.ReadAsStreamAsync(silence.Token).ConfigureAwait(false));
        WatchLineReader reader = new(lines);
        while (await reader.ReadAsync(silence.Token).ConfigureAwait(false) is { } line)
        {
            yield return line;
            silence.CancelAfter(Silence);
        }
    }
}
