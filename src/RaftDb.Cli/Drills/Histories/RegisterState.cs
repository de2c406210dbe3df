namespace RaftDb.Cli.Drills.Histories;

/// <summary>What a key holds: absent at version 0. The version is 1 at creation, grows by 1 with each change, and starts again after a delete.</summary>
internal readonly record struct RegisterState(long Value, ulong Version)
{
    public static RegisterState Absent => default;

    public bool Exists => Version > 0;

    /// <summary>The state after a write of this value.</summary>
    public RegisterState With(long value) => new(value, Version + 1);
}
