namespace RaftDb.Cli.Drills.Histories;

/// <summary>What the operations do to a key: the sequential meaning that every history is held against.</summary>
internal static class RegisterModel
{
    /// <summary>What the operation makes of the state, if this is when it takes effect.</summary>
    public static RegisterState Effect(OperationKind kind, long argument, ulong expected, RegisterState state) => kind switch
    {
        OperationKind.Put => state.With(argument),
        OperationKind.Delete => RegisterState.Absent,
        OperationKind.CompareAndSet => state.Version == expected ? state.With(argument) : state,
        OperationKind.Increment => state.With(state.Value + argument),
        _ => state,
    };

    /// <summary>Whether the answer is what this state gives, and the state after it.</summary>
    /// <param name="operation">An answered operation.</param>
    /// <param name="argument">Its argument, as the states count values.</param>
    /// <param name="value">The value in its answer, as the states count values.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="next">The state after it.</param>
    public static bool Fits(Operation operation, long argument, long? value, RegisterState state, out RegisterState next)
    {
        next = Effect(operation.Kind, argument, operation.Expected, state);
        bool told = operation.Version is not { } version || version == next.Version;
        return operation.Kind switch
        {
            OperationKind.Read => told && value.HasValue == state.Exists && (value is not { } read || read == state.Value),
            OperationKind.Delete => told && operation.Succeeded == state.Exists,
            OperationKind.CompareAndSet => told && operation.Succeeded == (state.Version == operation.Expected),
            OperationKind.Increment => told && (value is not { } sum || sum == next.Value),
            _ => told,
        };
    }

    /// <summary>Whether an answered operation with this answer changed nothing: it may be put in at once wherever it fits.</summary>
    public static bool IsWithoutEffect(Operation operation) => operation.Kind switch
    {
        OperationKind.Read => true,
        OperationKind.Delete or OperationKind.CompareAndSet => !operation.Succeeded,
        _ => false,
    };
}
