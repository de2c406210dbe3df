using RaftDb.Cli.Drills.Histories;

namespace RaftDb.Tests.Cli.Drills.Histories;

/// <summary>
/// A history of a real register: clients do one operation at a time, each takes effect at a moment of its time, some are lost on their way
/// and some answers are. So the history is good, by making.
/// </summary>
internal sealed class RandomHistory(Random random)
{
    private readonly List<(long? Value, ulong Version)> _states = [(null, 0)];
    private readonly List<long> _since = [long.MinValue];
    private readonly Dictionary<int, int> _seenBy = [];

    public int Clients { get; init; } = 4;

    public double UnknownShare { get; init; } = 0.1;

    public bool TellsVersions { get; init; } = true;

    public bool Deletes { get; init; } = true;

    public bool Counts { get; init; }

    public bool WeakReads { get; init; } = true;

    public List<Operation> Make(int operations)
    {
        List<Operation> made = [];
        long now = 0;
        long unique = 1;
        SortedSet<(long At, int Client, int Number)> effects = [];
        Dictionary<int, (Operation Operation, long End)> running = [];
        long[] freeAt = new long[Clients];
        int number = 0;

        // Effects happen in the order of their moments; an operation begins when its client is free.
        while (made.Count < operations)
        {
            int client = random.Next(Clients);
            long begins = Math.Max(freeAt[client] + 1, now);
            long effect = begins + random.Next(20);
            long end = effect + random.Next(20);
            while (effects.Count > 0 && effects.Min.At <= begins)
            {
                Apply();
            }

            if (freeAt[client] >= begins || running.ContainsKey(client))
            {
                now++;
                while (effects.Count > 0 && effects.Min.At <= now)
                {
                    Apply();
                }

                continue;
            }

            running[client] = (Ask(client, begins, ref unique), end);
            effects.Add((effect, client, number++));
            now = begins + random.Next(3);
        }

        return made;

        void Apply()
        {
            (long at, int client, int _) = effects.Min;
            effects.Remove(effects.Min);
            (Operation operation, long end) = running[client];
            running.Remove(client);
            freeAt[client] = end;
            made.Add(Answer(operation, at, end));
        }
    }

    private Operation Ask(int client, long begins, ref long unique)
    {
        int dice = random.Next(100);
        Operation operation = Ops.Read(client, begins, 0, null);
        if (dice < 45)
        {
            return WeakReads ? random.Next(5) switch
            {
                0 => operation with { Promise = ReadPromise.Bounded, MaxStaleness = random.Next(40) },
                1 => operation with { Promise = ReadPromise.Session },
                2 => operation with { Promise = ReadPromise.Eventual },
                _ => operation,
            } : operation;
        }

        if (Counts)
        {
            return Ops.Increment(client, begins, 0, 1 + random.Next(2), null);
        }

        return dice switch
        {
            < 75 => Ops.Put(client, begins, 0, unique++),
            < 85 when Deletes => Ops.Delete(client, begins, 0),
            _ => Ops.Cas(client, begins, 0, random.Next(4) == 0 ? (ulong)random.Next(3) : _states[^1].Version, unique++),
        };
    }

    private Operation Answer(Operation one, long at, long end)
    {
        bool unknown = one.Kind != OperationKind.Read && random.NextDouble() < UnknownShare;
        if (unknown && random.Next(2) == 0)
        {
            return Ops.Unknown(one);
        }

        (long? value, ulong version) = _states[^1];
        int read = _states.Count - 1;
        switch (one.Kind)
        {
            case OperationKind.Read:
                read = one.Promise switch
                {
                    ReadPromise.Bounded => random.Next(Math.Max(0, _since.FindLastIndex(since => since <= one.Invoked - one.MaxStaleness)), _states.Count),
                    ReadPromise.Session => random.Next(_seenBy.GetValueOrDefault(one.Client), _states.Count),
                    ReadPromise.Eventual => random.Next(_states.Count),
                    _ => read,
                };
                one = one with { Value = _states[read].Value, Version = Told(_states[read].Version) };
                break;
            case OperationKind.Put:
                Set(one.Argument, version + 1, at);
                one = one with { Version = Told(version + 1) };
                break;
            case OperationKind.Delete:
                one = one with { Succeeded = value is not null };
                Set(null, 0, at);
                break;
            case OperationKind.Increment:
                Set((value ?? 0) + one.Argument, version + 1, at);
                one = one with { Value = (value ?? 0) + one.Argument, Version = Told(version + 1) };
                break;
            default:
                one = one with { Succeeded = version == one.Expected };
                if (one.Succeeded)
                {
                    Set(one.Argument, version + 1, at);
                }

                one = one with { Version = Told(_states[^1].Version) };
                break;
        }

        if (unknown)
        {
            return Ops.Unknown(one);
        }

        _seenBy[one.Client] = Math.Max(_seenBy.GetValueOrDefault(one.Client), one.Kind == OperationKind.Read ? read : _states.Count - 1);
        return one with { Responded = end };
    }

    private ulong? Told(ulong version) => TellsVersions ? version : null;

    private void Set(long? value, ulong version, long at)
    {
        if (value is null && _states[^1].Value is null)
        {
            return;
        }

        _states.Add((value, version));
        _since.Add(at);
    }
}
