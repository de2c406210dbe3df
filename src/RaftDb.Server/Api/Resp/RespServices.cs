using RaftDb.Server.Options;
using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Server.Api.Resp;

/// <summary>What the RESP interface of one node works with.</summary>
/// <param name="Options">Its limits.</param>
/// <param name="Limits">What may be written.</param>
/// <param name="Router">Takes requests to the replicas.</param>
/// <param name="Fail">Told of what the node must not survive.</param>
internal sealed record RespServices(RespSection Options, CommandLimits Limits, IRequestRouter Router, Action<Exception> Fail);
