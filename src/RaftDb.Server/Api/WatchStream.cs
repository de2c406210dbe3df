using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using RaftDb.Client.Protocol;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Watches;
using RaftDb.Storage.StateMachines.Changes;

namespace RaftDb.Server.Api;

/// <summary>Tells one watcher what changes. It reads when the connection takes more, so that a slow watcher holds up nobody and has at most a page in memory; when what it has not
/// read is not kept any more, it ends with the reason.</summary>
internal sealed class WatchStream(IRangeWatches watches, IRequestRouter router, WatchedRange[] ranges, PipeWriter output)
{
    /// <summary>Bytes of changes that are read at a time.</summary>
    private const int PageBytes = 256 << 10;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    /// <summary>Between two looks: each has what was applied committed, which is cheaper for many writes together.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan RenewWithin = TimeSpan.FromSeconds(5);

    private readonly StringBuilder _text = new();
    private long _renewed = Stopwatch.GetTimestamp();
    private Task _renewal = Task.CompletedTask;

    private string Token => WatchToken.Text(ranges.Select(range => (range.Range, range.Position)));

    /// <summary>Goes on until it can't; returns why.</summary>
    public async Task<RequestError> RunAsync(CancellationToken cancel)
    {
        await FlushAsync(": watching\nid: " + Token + "\n\n", cancel).ConfigureAwait(false);
        while (true)
        {
            // 1. What comes from here on wakes us, even while we look.
            Task[] news = [.. ranges.Select(range => watches.NewsOf(range.Range))];

            // 2. Everything that there is, range by range.
            bool any = false;
            foreach (WatchedRange range in ranges)
            {
                (ChangePage? page, RequestError? error) = await watches.ReadAsync(range.Range, range.Query(PageBytes)).ConfigureAwait(false);
                if (page is null)
                {
                    return error!;
                }

                any |= page.Changes.Count > 0;
                await TellAsync(range, page, cancel).ConfigureAwait(false);
            }

            // 3. Changes are to be kept on.
            Renew(cancel);

            // 4. Wait for more.
            await Task.Delay(Breath, cancel).ConfigureAwait(false);
            if (!any && !await ComesAsync(news, cancel).ConfigureAwait(false))
            {
                await FlushAsync(": heartbeat\nid: " + Token + "\n\n", cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The last word.</summary>
    public async ValueTask WriteEndAsync(RequestError end, CancellationToken cancel)
    {
        string problem = JsonSerializer.Serialize(Problems.Document(end), Documents.Json.ProblemDocument);
        await FlushAsync($"event: error\nid: {Token}\ndata: {problem}\n\n", cancel).ConfigureAwait(false);
    }

    private static async ValueTask<bool> ComesAsync(Task[] news, CancellationToken cancel)
    {
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task timer = Task.Delay(Heartbeat, enough.Token);
        Task first = await Task.WhenAny([.. news, timer]).ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return first != timer;
    }

    private async ValueTask TellAsync(WatchedRange range, ChangePage page, CancellationToken cancel)
    {
        foreach (Change change in page.Changes)
        {
            range.Told(change);
            WatchEvent told = new()
            {
                Range = range.Range.Value,
                Index = change.Index.Value,
                Op = change.Value is null ? "delete" : "put",
                Key = new BinaryText(change.Key),
                Value = change.Value is { } value ? new BinaryText(value) : null,
                Version = change.Version,
                Expired = change.IsExpiry ? true : null,
            };
            _text.Append("id: ").Append(Token).Append("\ndata: ").Append(JsonSerializer.Serialize(told, Documents.Json.WatchEvent)).Append("\n\n");
            if (_text.Length > PageBytes / 4)
            {
                await FlushTextAsync(cancel).ConfigureAwait(false);
            }
        }

        range.Passed(page.Through);
        await FlushTextAsync(cancel).ConfigureAwait(false);
    }

    private void Renew(CancellationToken cancel)
    {
        if (_renewal.IsCompleted && Stopwatch.GetElapsedTime(_renewed) > watches.RenewEvery)
        {
            _renewed = Stopwatch.GetTimestamp();

            // One that fails is tried again; when none succeeds in time the watcher is told that what it wants is not kept.
            _renewal = Task.WhenAll(ranges.Select(range => watches.KeepAsync(range.Range, router.DeadlineIn(RenewWithin), cancel).AsTask()))
                .ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async ValueTask FlushTextAsync(CancellationToken cancel)
    {
        if (_text.Length > 0)
        {
            string text = _text.ToString();
            _text.Clear();
            await FlushAsync(text, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask FlushAsync(string text, CancellationToken cancel) =>
        await output.WriteAsync(Encoding.UTF8.GetBytes(text), cancel).ConfigureAwait(false);
}
