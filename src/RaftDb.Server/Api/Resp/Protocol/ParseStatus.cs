namespace RaftDb.Server.Api.Resp.Protocol;

/// <summary>How far a look for the next command came.</summary>
internal enum ParseStatus : byte
{
    /// <summary>The bytes end before the command does.</summary>
    Incomplete,

    /// <summary>A command is there.</summary>
    Command,

    /// <summary>What came is not the protocol; see <see cref="RespParser.Problem"/>. Nothing after it can be understood.</summary>
    Broken,
}
