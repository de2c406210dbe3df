namespace RaftDb.Cli.Drills.Histories;

/// <summary>What a client asked for.</summary>
internal enum OperationKind : byte
{
    Read,
    Put,
    Delete,

    /// <summary>A put on the condition that the key has a version; 0 = that it is absent.</summary>
    CompareAndSet,

    /// <summary>Adds to the number that the key holds; an absent key counts as 0.</summary>
    Increment,
}

/// <summary>What the client was told.</summary>
internal enum OperationOutcome : byte
{
    /// <summary>An answer. A condition that did not hold is an answer too.</summary>
    Answered,

    /// <summary>Certainly not done, now or ever.</summary>
    Failed,

    /// <summary>Nobody knows: it may take effect at any later time, or never.</summary>
    Unknown,
}

/// <summary>What a read promised, from the strongest down.</summary>
internal enum ReadPromise : byte
{
    /// <summary>The state at one moment between question and answer.</summary>
    Linearizable,

    /// <summary>The state at one moment between a given time before the question, and the answer.</summary>
    Bounded,

    /// <summary>A state that is not before anything this client was told earlier.</summary>
    Session,

    /// <summary>Any state that there ever was.</summary>
    Eventual,
}
