using RaftDb.Cli.Drills.Histories;

namespace RaftDb.Tests.Cli.Drills.Histories;

/// <summary>Operations in a line each: client, from, to, what.</summary>
internal static class Ops
{
    public static Operation Read(int client, long from, long to, long? value, ulong? version = null) => new()
    {
        Client = client,
        Kind = OperationKind.Read,
        Invoked = from,
        Responded = to,
        Outcome = OperationOutcome.Answered,
        Value = value,
        Version = version,
    };

    public static Operation Bounded(int client, long from, long to, long? value, long staleness) =>
        Read(client, from, to, value) with { Promise = ReadPromise.Bounded, MaxStaleness = staleness };

    public static Operation Session(int client, long from, long to, long? value, ulong? version = null) =>
        Read(client, from, to, value, version) with { Promise = ReadPromise.Session };

    public static Operation Eventual(int client, long from, long to, long? value) => Read(client, from, to, value) with { Promise = ReadPromise.Eventual };

    public static Operation Put(int client, long from, long to, long value, ulong? version = null) => new()
    {
        Client = client,
        Kind = OperationKind.Put,
        Invoked = from,
        Responded = to,
        Outcome = OperationOutcome.Answered,
        Argument = value,
        Version = version,
    };

    public static Operation Delete(int client, long from, long to, bool deleted = true) => new()
    {
        Client = client,
        Kind = OperationKind.Delete,
        Invoked = from,
        Responded = to,
        Outcome = OperationOutcome.Answered,
        Succeeded = deleted,
    };

    public static Operation Cas(int client, long from, long to, ulong expected, long value, ulong? version = null) => new()
    {
        Client = client,
        Kind = OperationKind.CompareAndSet,
        Invoked = from,
        Responded = to,
        Outcome = OperationOutcome.Answered,
        Expected = expected,
        Argument = value,
        Version = version,
    };

    public static Operation CasFailed(int client, long from, long to, ulong expected, long value, ulong? version = null) =>
        Cas(client, from, to, expected, value, version) with { Succeeded = false };

    public static Operation Increment(int client, long from, long to, long by, long? sum, ulong? version = null) => new()
    {
        Client = client,
        Kind = OperationKind.Increment,
        Invoked = from,
        Responded = to,
        Outcome = OperationOutcome.Answered,
        Argument = by,
        Value = sum,
        Version = version,
    };

    /// <summary>The same, but nobody knows whether it was done.</summary>
    public static Operation Unknown(Operation operation) =>
        operation with { Outcome = OperationOutcome.Unknown, Responded = Operation.Open, Value = null, Version = null, Succeeded = true };

    /// <summary>The same, but certainly not done.</summary>
    public static Operation Failed(Operation operation) => operation with { Outcome = OperationOutcome.Failed, Value = null, Version = null };
}
