namespace RaftDb.Tests;

/// <summary>Waits for what must come, and fails the test when it doesn't.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits until a condition holds.</summary>
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var deadline = Environment.TickCount64 + (long)Limit.TotalMilliseconds;
        while (!condition())
        {
            Assert.That(Environment.TickCount64, Is.LessThan(deadline), $"never came: {what}");
            await Task.Delay(2);
        }
    }

    /// <summary>Waits for a task.</summary>
    public static async Task<T> DoneAsync<T>(Task<T> task, string what)
    {
        await DoneAsync((Task)task, what);
        return await task;
    }

    /// <summary>Waits for a task.</summary>
    public static async Task DoneAsync(Task task, string what)
    {
        await Task.WhenAny(task, Task.Delay(Limit));
        Assert.That(task.IsCompleted, Is.True, $"never ended: {what}");
        await task;
    }
}
