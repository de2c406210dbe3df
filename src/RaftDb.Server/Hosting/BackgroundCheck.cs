using Microsoft.Extensions.Logging;
using RaftDb.Client.Protocol;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Server.Ranges.Checks;
using RaftDb.Server.Replicas;

namespace RaftDb.Server.Hosting;

/// <summary>Compares the replicas of the ranges that this node leads, one range after the other, slowly and for ever.</summary>
internal sealed class BackgroundCheck(LocalReplicas replicas, RangeChecker checker, CheckSection options, TimeProvider time, ILogger log)
{
    /// <summary>After a round in which something could not be compared. 30 s: long enough for a restart, short enough that its alarm does not outlive the cause by much.</summary>
    private static readonly TimeSpan AfterIncomplete = TimeSpan.FromSeconds(30);

    /// <summary>Rounds until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (options.Interval == TimeSpan.Zero)
        {
            return;
        }

        TimeSpan pause = options.Interval;
        while (true)
        {
            await Task.Delay(pause, time, cancel);
            bool complete = true;
            foreach (Replica replica in replicas.All.Where(r => r.Halted is null && r.Leadership.IsLeader && !r.IsBlank))
            {
                RangeCheck check = await checker.CheckAsync(replica, bytes => Task.Delay(TimeSpan.FromSeconds((double)bytes / options.BytesPerSecond), time, cancel), cancel);
                complete &= check.Verdict != CheckVerdicts.Incomplete;
                log.Log(check.Verdict == CheckVerdicts.Equal ? LogLevel.Debug : LogLevel.Warning, "The check of range {Range} says {Verdict}: {Detail}", check.Range, check.Verdict, check.Detail ?? "all replicas are equal");
            }

            pause = complete || AfterIncomplete > options.Interval ? options.Interval : AfterIncomplete;
        }
    }
}
