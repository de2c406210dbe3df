using RaftDb.Client.Http;

namespace RaftDb.Client.Resp;

/// <summary>How one sending of an operation went: an answer, or an error and what may follow it.</summary>
internal readonly record struct RespAttempt(RespValue Answer, RaftDbException? Error, Retry Retry = Retry.No);
