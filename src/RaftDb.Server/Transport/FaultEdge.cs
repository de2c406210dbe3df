using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;

namespace RaftDb.Server.Transport;

/// <summary>Where exceptions end that come out of handlers on the transport's tasks.</summary>
internal static class FaultEdge
{
    /// <summary>Logs it; a broken invariant stops the process.</summary>
    public static void Take(ILogger log, Exception fault, string what)
    {
        if (fault is InvariantBrokenException)
        {
            log.LogCritical(fault, "{What}", what);
            ThreadPool.UnsafeQueueUserWorkItem(static info => info.Throw(), ExceptionDispatchInfo.Capture(fault), preferLocal: false);
        }
        else
        {
            log.LogError(fault, "{What}", what);
        }
    }
}
