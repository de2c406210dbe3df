namespace RaftDb.Benchmarks.Comparison.Systems;

/// <summary>Waits for something that a server says when asked.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> isSo, CancellationToken cancel)
    {
        long begun = Environment.TickCount64;
        while (!await isSo())
        {
            if (Environment.TickCount64 - begun > limit.TotalMilliseconds)
            {
                throw new ComparisonException($"{what} did not come within {limit.TotalSeconds:0} s.");
            }

            await Task.Delay(Pause, cancel);
        }
    }
}
