using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RaftDb.Raft;

/// <summary>Assertions that are never compiled out. A broken invariant must stop the node: a wrong answer is worse
/// than none.</summary>
public static class Check
{
    /// <summary>Throws <see cref="InvariantBrokenException"/> unless <paramref name="condition"/> holds.</summary>
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string? expression = null)
    {
        if (!condition)
        {
            throw new InvariantBrokenException($"Invariant broken: {expression}.");
        }
    }

    /// <summary>As <see cref="That(bool, string?)"/>, with the numbers in the message. The message is built only when
    /// the check fails.</summary>
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref CheckMessage message)
    {
        if (!condition)
        {
            throw new InvariantBrokenException($"Invariant broken: {message.ToString()}");
        }
    }
}

/// <summary>Builds the message of a failed <see cref="Check"/>, and nothing for one that holds.</summary>
[InterpolatedStringHandler]
public ref struct CheckMessage
{
    private DefaultInterpolatedStringHandler _inner;
    private readonly bool _enabled;

    /// <summary>Called by the compiler.</summary>
    public CheckMessage(int literalLength, int formattedCount, bool condition, out bool enabled)
    {
        enabled = _enabled = !condition;
        _inner = enabled ? new(literalLength, formattedCount) : default;
    }

    /// <summary>Called by the compiler.</summary>
    public void AppendLiteral(string text) => _inner.AppendLiteral(text);

    /// <summary>Called by the compiler.</summary>
    public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

    /// <summary>The finished text.</summary>
    public override string ToString() => _enabled ? _inner.ToStringAndClear() : "";
}

/// <summary>Something that must always hold did not. Nobody recovers from this inside the node.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);
