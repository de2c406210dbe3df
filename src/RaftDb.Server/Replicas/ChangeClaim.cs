namespace RaftDb.Server.Replicas;

/// <summary>Who changes the members of a range in several steps claims the range for that time. Thread-safe.</summary>
internal sealed class ChangeClaim
{
    private int _taken;

    public bool IsTaken => Volatile.Read(ref _taken) != 0;

    /// <summary>False when somebody else has it.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _taken, 1) == 0;

    public void Release() => Volatile.Write(ref _taken, 0);
}
