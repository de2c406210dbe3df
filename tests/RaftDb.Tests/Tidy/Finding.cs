namespace RaftDb.Tests.Tidy;

/// <summary>A place that breaks a rule, and what to do about it.</summary>
public readonly record struct Finding(string File, int Line, string Advice)
{
    public override string ToString() => $"{File}:{Line}: {Advice}";
}
