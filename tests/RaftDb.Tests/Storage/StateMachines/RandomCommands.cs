using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using Op = RaftDb.Storage.StateMachines.Commands.Operation;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>Commands over few keys, so that they meet. The same seed gives the same commands.</summary>
internal sealed class RandomCommands(int seed)
{
    private readonly Random _random = new(seed);
    private long _time = 1000;

    public Command Next()
    {
        _time += _random.Next(20);
        HybridTimestamp time = HybridTimestamp.Of(_time, (ushort)_random.Next(3));
        if (_random.Next(10) == 0)
        {
            return new ExpireCommand(time, 1, 1 + _random.Next(4));
        }

        return new TransactionCommand(time, 1, [.. Some(2).Select(_ => Condition())], [.. Some(5).Select(_ => Operation())], [.. Some(3).Select(_ => Operation())]);
    }

    public int Below(int bound) => _random.Next(bound);

    private IEnumerable<int> Some(int most) => Enumerable.Range(0, _random.Next(most + 1));

    private byte[] Key() => StateFixture.Bytes($"k{_random.Next(30):D2}");

    private byte[] Value() => StateFixture.Bytes(
        _random.Next(4) switch { 0 => "", 1 => _random.Next(100).ToString(), 2 => new string('x', _random.Next(3000)), _ => "v" });

    private Condition Condition()
    {
        var kind = (ConditionKind)(1 + _random.Next(4));
        ulong number = (ulong)(kind == ConditionKind.Exists ? _random.Next(2) : _random.Next(3));
        return new(kind, Key(), kind == ConditionKind.Value ? 0 : number, kind == ConditionKind.Value ? Value() : default);
    }

    private Operation Operation() => _random.Next(16) switch
    {
        0 => Op.Delete(Key()),
        1 => Op.DeleteRange(Key(), _random.Next(3) == 0 ? default : Key(), 1 + _random.Next(6)),
        2 or 3 => Op.Increment(Key(), _random.Next(-5, 6)),
        4 => Op.Get(Key()),
        5 or 6 => Op.Put(Key(), Value(), 1 + _random.Next(200)),
        7 => Op.Append(Key(), Value(), 1 << 20),
        8 => Op.Overwrite(Key(), Value()),
        9 or 10 => Op.Expire(Key(), _random.Next(3) == 0 ? 0 : 1 + _random.Next(200)),
        _ => Op.Put(Key(), Value()),
    };
}
