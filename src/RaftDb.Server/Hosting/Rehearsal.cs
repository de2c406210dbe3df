using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Server.Transport.Wire;
using RaftDb.Storage;

namespace RaftDb.Server.Hosting;

/// <summary>A failover played through in memory when the node has started: three replicas elect a leader, write, read, hand over, and lose one another. What an election needs is
/// compiled then, and the first real one does not wait for the compiler (10 to 20 ms of a gap that clients see). Once in a process.</summary>
internal sealed class Rehearsal
{
    private const int MostRounds = 400;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private static readonly Lazy<Task> Once = new(() => Task.Run(Run));

    private readonly Player[] _players;
    private Instant _now;

    private Rehearsal()
    {
        Configuration all = Configuration.OfVoters(new ReplicaId(1), new ReplicaId(2), new ReplicaId(3));
        _players = [.. Enumerable.Range(1, 3).Select(i => new Player(new ReplicaId((ulong)i), all, _now))];
    }

    private Player Leader => _players.First(p => p.Node.Role == Role.Leader);

    /// <summary>Begins it, if nobody has yet. Ends when it is over.</summary>
    public static Task RunAsync() => Once.Value;

    /// <summary>Plays it. Takes some tens of milliseconds, nearly all of them the compiler's. Throws when the group does not do what it should.</summary>
    public static void Run()
    {
        Rehearsal group = new();
        group.Until(() => group.HasLeader(), "no leader was elected");
        group.WriteAndRead();

        ReplicaId next = group._players.First(p => p.Node.Role != Role.Leader).Node.Replica;
        group.Leader.Take(new Input.TransferLeadership(next));
        group.Until(() => group.HasLeader() && group.Leader.Node.Replica == next, "leadership was not handed over");
        group.WriteAndRead();

        Player lost = group.Leader;
        lost.IsGone = true;
        foreach (Player player in group._players.Where(p => p != lost))
        {
            player.Take(new Input.ProcessLost(lost.Node.Replica));
        }

        group.Until(() => group.HasLeader(), "a lost leader was not replaced");
        group.WriteAndRead();
    }

    private bool HasLeader() => _players.Count(p => !p.IsGone && p.Node.Role == Role.Leader) == 1;

    private void WriteAndRead()
    {
        Player leader = _players.First(p => !p.IsGone && p.Node.Role == Role.Leader);
        leader.Take(new Input.Propose([new byte[] { 1 }, new byte[] { 2 }]));
        foreach (Player player in _players)
        {
            player.Take(new Input.ReadIndex(player.NextRead++));
        }

        LogIndex before = leader.Node.Commit;
        Until(() => leader.Node.Commit.Value >= before.Value + 2 && _players.All(p => p.IsGone || p.Node.Applied >= leader.Node.Commit), "a write was not committed");
    }

    private void Until(Func<bool> reached, string otherwise)
    {
        for (int round = 0; !reached(); round++)
        {
            Check.That(round < MostRounds, $"rehearsing a failover: {otherwise}");
            _now += Step;
            foreach (Player player in _players.Where(p => !p.IsGone))
            {
                foreach (Message message in player.Play(_now))
                {
                    _players.First(p => p.Node.Replica == message.To).Take(new Input.MessageReceived(message));
                }
            }
        }
    }

    /// <summary>One replica: what it writes is durable, and what it commits is applied, by the next round.</summary>
    private sealed class Player : ILogReader
    {
        private static readonly RangeId Range = new(1);

        private readonly List<Input> _inbox = [];
        private readonly SortedDictionary<LogIndex, Entry> _log = [];

        public Player(ReplicaId id, Configuration configuration, Instant now) =>
            Node = new RaftNode(new RaftOptions(), new RaftStart { Replica = id, Configuration = configuration }, this, now, seed: id.Value);

        public RaftNode Node { get; }

        public bool IsGone { get; set; }

        public ulong NextRead { get; set; } = 1;

        public void Take(Input input) => _inbox.Add(input);

        public List<Message> Play(Instant now)
        {
            Ready ready = Node.Step(now, _inbox.ToArray());
            _inbox.Clear();
            foreach (Entry entry in ready.Entries)
            {
                _log[entry.Index] = entry;
            }

            if (ready.Entries.Count > 0)
            {
                Take(new Input.EntriesPersisted(new LogPosition(ready.Entries[^1].Index, ready.Entries[^1].Term)));
            }

            if (ready.Committed.Count > 0)
            {
                Take(new Input.Applied(ready.Committed[^1].Index));
            }

            List<Message> sent = [];
            foreach (Message message in ready.Messages.Concat(ready.MessagesAfterPersist))
            {
                sent.Add(message.To == Node.Replica ? message : OverTheWire(message));
            }

            return sent;
        }

        public void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into)
        {
            for (LogIndex index = from; index <= to; index = index.Next)
            {
                into.Add(_log[index]);
            }
        }

        private static Message OverTheWire(Message message)
        {
            using WireWriter writer = new(256);
            MessageCodec.Encode(writer, new RangeMessage(Range, message));
            WireReader reader = new(writer.Written.Span);
            return MessageCodec.Decode(ref reader).Message;
        }
    }
}
