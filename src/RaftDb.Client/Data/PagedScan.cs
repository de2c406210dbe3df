using System.Runtime.CompilerServices;

namespace RaftDb.Client.Data;

/// <summary>Scans page by page, with the next page on its way while one is read: two pages are in memory at most.</summary>
internal static class PagedScan
{
    public delegate Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> Ask(Bytes? start, Bytes? end, int limit, CancellationToken cancel);

    public static async IAsyncEnumerable<ScanItem> RunAsync(ScanOptions options, Ask ask, [EnumeratorCancellation] CancellationToken cancel)
    {
        Bytes? start = options.Start;
        Bytes? end = options.End;
        int left = options.Limit ?? int.MaxValue;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)>? page = left > 0 ? ask(start, end, Math.Min(left, options.PageSize), stop.Token) : null;
        try
        {
            while (page is not null)
            {
                (IReadOnlyList<ScanItem> items, Bytes? next) = await page.ConfigureAwait(false);
                int told = Math.Min(left, items.Count);
                left -= told;
                page = null;
                if (next is { } bound && left > 0)
                {
                    start = options.Reverse ? start : bound;
                    end = options.Reverse ? bound : end;
                    page = ask(start, end, Math.Min(left, options.PageSize), stop.Token);
                }

                for (int i = 0; i < told; i++)
                {
                    yield return items[i];
                }
            }
        }
        finally
        {
            // Whoever stopped reading doesn't want what is on its way.
            await stop.CancelAsync().ConfigureAwait(false);
            page?.ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }
}
