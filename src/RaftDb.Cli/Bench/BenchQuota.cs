namespace RaftDb.Cli.Bench;

/// <summary>How many requests are left to be done by all clients together; without a number, any. Thread-safe.</summary>
internal sealed class BenchQuota(long? requests)
{
    private long _left = requests ?? 0;

    /// <summary>False: all are done or under way.</summary>
    public bool Take()
    {
        if (requests is null)
        {
            return true;
        }

        long left = Volatile.Read(ref _left);
        while (left > 0)
        {
            long seen = Interlocked.CompareExchange(ref _left, left - 1, left);
            if (seen == left)
            {
                return true;
            }

            left = seen;
        }

        return false;
    }

    /// <summary>One that was taken failed: whoever took it tries again.</summary>
    public void GiveBack()
    {
        if (requests is not null)
        {
            Interlocked.Increment(ref _left);
        }
    }
}
