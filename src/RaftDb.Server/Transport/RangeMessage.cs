using RaftDb.Raft.Messages;
using RaftDb.Storage;

namespace RaftDb.Server.Transport;

/// <summary>A Raft message of one range.</summary>
internal readonly record struct RangeMessage(RangeId Range, Message Message);
