using RaftDb.Server.Ranges;

namespace RaftDb.Server.Hosting;

/// <summary>Goes round once a second: tells other nodes of damaged replicas here, and looks after the ranges that are led here.</summary>
internal sealed class Caretaker(TroubleExchange exchange, RangeRepair repair, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Rounds until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(Interval, time, cancel);
            await exchange.TellAsync(cancel);
            await repair.PassAsync(cancel);
        }
    }
}
