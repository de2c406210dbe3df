using System.Globalization;
using System.Text.Json;
using RaftDb.Client;

namespace RaftDb.Samples.JobQueue;

/// <summary>
/// A queue of jobs, each done by one worker at a time. <c>jobs/ID</c> is a job; <c>queue/ID</c> is there until it is done, and says from when on it may be claimed.
/// A claim changes that key on the condition that it is what the worker read: of all workers that try, one succeeds. The key's version then is the claim: who
/// finishes a job must still have it. A worker that dies loses its claim when the time is over.
/// </summary>
public sealed class Jobs(RaftDbClient db, TimeProvider time)
{
    public async Task<Job> AddAsync(string work, CancellationToken cancel)
    {
        // Ids of version 7 begin with the time: the queue's keys are in the order of their jobs.
        string id = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        Job job = new(id, work, "queued", null);
        await db.Txn()
            .IfExists(QueueKey(id), exists: false)
            .Put(JobKey(id), Json(job))
            .Put(QueueKey(id), Text(DateTimeOffset.UnixEpoch))
            .CommitAsync(cancel);
        return job;
    }

    public async Task<Job?> FindAsync(string id, CancellationToken cancel) =>
        await db.GetAsync(JobKey(id), cancel: cancel) is { } entry ? JsonSerializer.Deserialize<Job>(entry.Value.Span) : null;

    public async Task<ClaimedJob?> ClaimAsync(string worker, TimeSpan duration, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        await foreach (ScanItem item in db.ScanAsync(prefix: "queue/", cancel))
        {
            if (long.Parse(new Bytes(item.Value).ToString(), CultureInfo.InvariantCulture) > now.ToUnixTimeMilliseconds())
            {
                continue;
            }

            string id = new Bytes(item.Key).ToString()["queue/".Length..];
            if (await FindAsync(id, cancel) is not { } job)
            {
                continue;
            }

            job = job with { State = "claimed", Worker = worker };
            TxnResult claimed = await db.Txn()
                .IfIndex(item.Key, item.Index)
                .Put(item.Key, Text(now + duration))
                .Put(JobKey(id), Json(job))
                .CommitAsync(cancel);
            if (claimed.Succeeded)
            {
                return new(job, claimed.Results[0].Version!.Value, now + duration);
            }
        }

        return null;
    }

    public async Task<bool> FinishAsync(string id, ulong claim, CancellationToken cancel)
    {
        if (await FindAsync(id, cancel) is not { } job)
        {
            return false;
        }

        TxnResult finished = await db.Txn()
            .IfVersion(QueueKey(id), claim)
            .Delete(QueueKey(id))
            .Put(JobKey(id), Json(job with { State = "done" }))
            .CommitAsync(cancel);
        return finished.Succeeded;
    }

    private static string JobKey(string id) => $"jobs/{id}";

    private static string QueueKey(string id) => $"queue/{id}";

    private static byte[] Json(Job job) => JsonSerializer.SerializeToUtf8Bytes(job);

    private static string Text(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
