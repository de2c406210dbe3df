using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>A leader and two followers whose disk and state machine take everything at once, without a byte of their own: what is left is what a step costs. What each node's steps
/// allocate is counted apart. Shared with the benchmarks.</summary>
internal sealed class StepRig
{
    private const int Nodes = 3;

    private readonly Peer[] _peers;
    private readonly Queue<Message> _network = new(64);
    private readonly List<ReadOnlyMemory<byte>> _commands = [];
    private Instant _now = new(1_000_000);

    public StepRig(int commands, int commandBytes)
    {
        Configuration voters = Configuration.OfVoters(Enumerable.Range(1, Nodes).Select(id => new ReplicaId((ulong)id)));
        _peers = [.. Enumerable.Range(1, Nodes).Select(id => new Peer(new((ulong)id), voters, _now))];
        for (int i = 0; i < commands; i++)
        {
            _commands.Add(new byte[commandBytes]);
        }

        _peers[0].Step(_now, new Input.Campaign(), _network);
        Deliver();
    }

    /// <summary>Bytes that the leader's steps have allocated.</summary>
    public long LeaderBytes => _peers[0].Bytes;

    /// <summary>Bytes that one follower's steps have allocated.</summary>
    public long FollowerBytes => _peers[1].Bytes;

    public LogIndex AppliedByAll => _peers.Min(peer => peer.Node.Applied);

    /// <summary>One batch of proposals from the leader's inbox until everybody has applied it.</summary>
    public void Round()
    {
        _now += TimeSpan.FromMilliseconds(1);
        LogIndex goal = _peers[0].Node.Last.Index + (ulong)_commands.Count;
        _peers[0].Step(_now, new Input.Propose(_commands), _network);
        Deliver();

        // What is committed reaches followers with the next append, or with a heartbeat when nothing comes.
        while (AppliedByAll < goal)
        {
            _now += TimeSpan.FromMilliseconds(100);
            _peers[0].Step(_now, new Input.Tick(), _network);
            Deliver();
        }
    }

    private void Deliver()
    {
        while (_network.TryDequeue(out Message? message))
        {
            _peers[(int)message.To.Value - 1].Step(_now, new Input.MessageReceived(message), _network);
        }
    }

    private sealed class Peer(ReplicaId id, Configuration voters, Instant now) : ILogReader
    {
        /// <summary>Entries that are kept for reading: more than any round has.</summary>
        private const int Kept = 4096;

        private readonly Entry[] _disk = new Entry[Kept];
        private readonly Input[] _one = new Input[1];
        private RaftNode? _node;

        public RaftNode Node => _node ??= new RaftNode(new RaftOptions(), new RaftStart { Replica = id, Configuration = voters }, this, now, id.Value);

        public long Bytes { get; private set; }

        public void Read(LogIndex from, LogIndex to, int maxBytes, List<Entry> into)
        {
            for (LogIndex index = from; index <= to; index = index.Next)
            {
                into.Add(_disk[index.Value % Kept]);
            }
        }

        public void Step(Instant now, Input input, Queue<Message> network)
        {
            RaftNode node = Node;
            _one[0] = input;
            long before = GC.GetAllocatedBytesForCurrentThread();
            Ready ready = node.Step(now, _one);
            Bytes += GC.GetAllocatedBytesForCurrentThread() - before;
            Send(ready.Messages, network);
            foreach (Entry entry in ready.Entries)
            {
                _disk[entry.Index.Value % Kept] = entry;
            }

            foreach (Message message in ready.MessagesAfterPersist)
            {
                if (message.To == id)
                {
                    Step(now, new Input.MessageReceived(message), network);
                }
                else
                {
                    network.Enqueue(message);
                }
            }

            if (ready.Entries.Count > 0)
            {
                Entry last = ready.Entries[^1];
                Step(now, new Input.EntriesPersisted(new(last.Index, last.Term)), network);
            }

            if (ready.Committed.Count > 0)
            {
                Step(now, new Input.Applied(ready.Committed[^1].Index), network);
            }
        }

        private static void Send(List<Message> messages, Queue<Message> network)
        {
            foreach (Message message in messages)
            {
                network.Enqueue(message);
            }
        }
    }
}
