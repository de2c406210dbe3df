namespace RaftDb.Tests.Allocations;

/// <summary>Counts what a piece of the hot path allocates on this thread. Unlike time, that is the same on every machine and every run, so a test may fail by it.</summary>
internal static class AllocationCount
{
    /// <summary>Enough for every cache and list to have its size.</summary>
    private const int WarmUp = 200;

    private const int Measured = 200;

    /// <summary>Bytes for each of <paramref name="operations"/> in one run of the work, on average.</summary>
    public static double PerOperation(int operations, Action work)
    {
        Run(WarmUp, work);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(Measured, work);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Measured * operations);
    }

    /// <summary>The same, where the work counts its bytes by itself: <paramref name="bytes"/> says how many so far.</summary>
    public static double PerOperation(int operations, Action work, Func<long> bytes)
    {
        Run(WarmUp, work);
        long before = bytes();
        Run(Measured, work);
        return (bytes() - before) / (double)(Measured * operations);
    }

    /// <summary>Fails when there is more than the bound, and says what to do.</summary>
    public static void Expect(string what, double bytes, double bound)
    {
        TestContext.Out.WriteLine($"{what}: {bytes:0.0} bytes, the bound is {bound:0.0}");
        Assert.That(
            bytes,
            Is.LessThanOrEqualTo(bound),
            $"{what} allocates {bytes:0.0} bytes for each operation, {bytes - bound:0.0} more than the bound. Look at what the change allocates on the hot path (an enumerator, a closure, "
            + "a boxed struct, a list that grows, a copy?) and take it away. If it pays for itself, show that with scripts/bench/compare, and raise the bound in this test to a little above the new figure.");
    }

    private static void Run(int times, Action work)
    {
        for (int i = 0; i < times; i++)
        {
            work();
        }
    }
}
