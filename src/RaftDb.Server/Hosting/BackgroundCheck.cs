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
    /// <summary>When a range is looked at again whose last check, here or asked for by somebody, could not compare everything. 30 s: long enough for a restart, short enough that its alarm does not outlive the
    /// cause by much.</summary>
    private static readonly TimeSpan AfterIncomplete = TimeSpan.FromSeconds(30);

    /// <summary>Rounds until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        if (options.Interval == TimeSpan.Zero)
        {
            return;
        }

        TimeSpan step = options.Interval < AfterIncomplete ? options.Interval : AfterIncomplete;
        long round = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(step, time, cancel);
            bool isDue = time.GetElapsedTime(round) > options.Interval - (step / 2);
            foreach (Replica replica in replicas.All.Where(r => r.Halted is null && r.Leadership.IsLeader && !r.IsBlank && (isDue || checker.WasIncomplete(r.Range))))
            {
                RangeCheck check = await checker.CheckAsync(replica, bytes => Task.Delay(TimeSpan.FromSeconds((double)bytes / options.BytesPerSecond), time, cancel), cancel);
                log.Log(check.Verdict == CheckVerdicts.Equal ? LogLevel.Debug : LogLevel.Warning, "The check of range {Range} says {Verdict}: {Detail}", check.Range, check.Verdict, check.Detail ?? "all replicas are equal");
            }

            round = isDue ? time.GetTimestamp() : round;
        }
    }
}
