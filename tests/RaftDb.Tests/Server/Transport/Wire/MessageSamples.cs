using RaftDb.Raft;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;
using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport.Wire;

/// <summary>Messages for tests of their bytes.</summary>
internal static class MessageSamples
{
    /// <summary>A random message of any kind, with numbers of every size.</summary>
    public static RangeMessage Random(Random random)
    {
        ReplicaId from = new(Number(random));
        ReplicaId to = new(Number(random));
        Term term = new(Number(random));
        Message message = random.Next(10) switch
        {
            0 => new VoteRequest(from, to, term, Position(random), Flip(random), Flip(random), Flip(random)) { Commit = Position(random) },
            1 => new VoteResponse(from, to, term, Flip(random), Flip(random)) { Commit = Position(random) },
            2 => Append(random, from, to, term),
            3 => new AppendEntriesResponse(from, to, term, Flip(random), new(Number(random)), Position(random), new(Number(random))),
            4 => new Heartbeat(from, to, term, new(Number(random)), Number(random), Flip(random)),
            5 => new HeartbeatResponse(from, to, term, Number(random), new(Number(random))),
            6 => new InstallSnapshot(from, to, term, new(Position(random), Configuration(random))),
            7 => new TimeoutNow(from, to, term),
            8 => new ReadIndexRequest(from, to, term, Number(random)),
            _ => new ReadIndexResponse(from, to, term, Number(random), new(Number(random)), Flip(random)),
        };
        return new(new RangeId(Number(random)), message);
    }

    public static Configuration Configuration(Random random)
    {
        var first = (ulong)random.Next(1, 1000);
        return random.Next(2) == 0
            ? RaftDb.Raft.Membership.Configuration.OfVoters(new ReplicaId(first), new ReplicaId(first + 1))
            : new Configuration
            {
                Voters = [new(first), new(first + 3)],
                OutgoingVoters = [new(first + 1)],
                Learners = [new(first + 2)],
                LearnersNext = [new(first + 1)],
                AutoLeave = Flip(random),
            };
    }

    /// <summary>Tells whether two messages say the same; lists and memory compare by content.</summary>
    public static string Text(RangeMessage item) => item.Message switch
    {
        AppendEntries m => $"{item.Range} {m with { Entries = [] }} {string.Join(";", m.Entries.Select(e => $"{e.Term} {e.Index} {e.Kind} {Convert.ToHexString(e.Data.Span)}"))}",
        InstallSnapshot m => $"{item.Range} {m.From} {m.To} {m.Term} {m.Snapshot.Position} {Text(m.Snapshot.Configuration)}",
        _ => item.ToString(),
    };

    private static string Text(Configuration c) =>
        $"{string.Join(",", c.Voters)}|{string.Join(",", c.OutgoingVoters)}|{string.Join(",", c.Learners)}|{string.Join(",", c.LearnersNext)}|{c.AutoLeave}";

    private static AppendEntries Append(Random random, ReplicaId from, ReplicaId to, Term term)
    {
        LogPosition previous = new(new((ulong)random.NextInt64(0, long.MaxValue)), new(Number(random)));
        List<Entry> entries = [];
        for (var i = random.Next(4); i > 0; i--)
        {
            var data = new byte[random.Next(300)];
            random.NextBytes(data);
            entries.Add(new(new(Number(random)), new(previous.Index.Value + 1 + (ulong)entries.Count), (EntryKind)random.Next(3), data));
        }

        return new(from, to, term, previous, entries, new(Number(random)), Flip(random));
    }

    private static LogPosition Position(Random random) => new(new(Number(random)), new(Number(random)));

    private static bool Flip(Random random) => random.Next(2) == 0;

    private static ulong Number(Random random) => (ulong)random.NextInt64() << 1 >> random.Next(64);
}
