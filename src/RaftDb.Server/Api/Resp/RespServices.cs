using RaftDb.Server.Ids;
using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp;

/// <summary>What the RESP interface of one node works with.</summary>
/// <param name="Options">Its limits.</param>
/// <param name="Limits">What may be written.</param>
/// <param name="Router">Takes requests to the replicas.</param>
/// <param name="Node">What the node shows of itself and the cluster.</param>
/// <param name="Ids">Makes unique ids.</param>
/// <param name="Metrics">Its instruments.</param>
/// <param name="Facts">What it tells about the node.</param>
/// <param name="Fail">Told of what the node must not survive.</param>
internal sealed record RespServices(
    RespSection Options,
    CommandLimits Limits,
    IRequestRouter Router,
    INodeView Node,
    UniqueIds Ids,
    RespMetrics Metrics,
    RespFacts Facts,
    Action<Exception> Fail)
{
    /// <summary>Where scans go on.</summary>
    public ScanCursors Cursors { get; } = new();
}

/// <summary>What INFO and HELLO tell about the node.</summary>
/// <param name="Version">Of this program.</param>
/// <param name="Node">The node's id.</param>
/// <param name="Port">Where it serves RESP.</param>
/// <param name="KeysHere">Keys of the replicas on this node.</param>
internal sealed record RespFacts(string Version, ulong Node, int Port, Func<long> KeysHere);
