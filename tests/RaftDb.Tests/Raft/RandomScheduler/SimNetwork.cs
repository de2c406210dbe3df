using RaftDb.Raft;
using RaftDb.Raft.Messages;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>Fault model of the network: a message is lost, delayed, overtaken or delivered twice; a direction between two nodes is
/// cut for a while, which also loses what is under way. Nothing is corrupted (the transport checksums its frames).</summary>
internal sealed class SimNetwork(EventQueue time, SwarmOptions swarm, SeededRandom random, Action<Message> deliver, Action<Message> undelivered)
{
    private const int MostNodes = 32;
    private const long CalmDelay = 2_000_000;

    private readonly bool[,] _cut = new bool[MostNodes, MostNodes];
    private readonly long[,] _lastArrival = new long[MostNodes, MostNodes];
    private bool _calm;

    public void Send(Message message)
    {
        if (IsCut(message.From, message.To) || Chance(swarm.LossPermille))
        {
            if (random.Chance(300))
            {
                undelivered(message);
            }

            return;
        }

        Transmit(message);
        if (Chance(swarm.DuplicatePermille))
        {
            Transmit(message);
        }
    }

    public bool IsCut(ReplicaId from, ReplicaId to) => _cut[from.Value, to.Value];

    public void Cut(ReplicaId from, ReplicaId to) => _cut[from.Value, to.Value] = true;

    public void Join() => Array.Clear(_cut);

    /// <summary>No more faults.</summary>
    public void Calm()
    {
        _calm = true;
        Join();
    }

    private bool Chance(int permille) => !_calm && permille > 0 && random.Chance(permille);

    private void Transmit(Message message)
    {
        var arrival = time.Now + random.Between(50_000, _calm ? CalmDelay : swarm.MaxDelay);
        if (swarm.InOrder)
        {
            ref var last = ref _lastArrival[message.From.Value, message.To.Value];
            arrival = last = Math.Max(arrival, last);
        }

        time.After(arrival - time.Now, () =>
        {
            if (!IsCut(message.From, message.To))
            {
                deliver(message);
            }
        });
    }
}
