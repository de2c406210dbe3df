using RaftDb.Raft.Elections;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>What all roles of one replica share. The roles change it; <see cref="Invariants"/> states what must hold of it.</summary>
internal sealed class NodeState
{
    /// <summary>Bytes of log read at a time while looking for configuration entries at start.</summary>
    private const int ScanPageBytes = 1 << 20;

    private (Term Term, Role Role, ReplicaId Leader) _before;

    public NodeState(RaftOptions options, RaftStart start, ILogReader reader, Instant now, ulong seed)
    {
        Check.That(!start.Replica.IsNone);
        Options = options;
        Self = start.Replica;
        Suspect = start.Suspect;
        Prng = new Prng(seed);
        Now = now;
        Term = start.HardState.Term;
        Vote = start.HardState.Vote;
        Log = new RaftLog(options, start, reader);
        Membership = new MembershipState(start.Configuration);
        Applying = new ApplyWindow(options, Log, Membership);
        HandedOutHardState = start.HardState;
        Election = new ElectionTimer(this, start.HardState.Term);
        FindUnappliedConfigurations(reader);
    }

    public RaftOptions Options { get; }

    public ReplicaId Self { get; }

    public Prng Prng { get; }

    public RaftLog Log { get; }

    public MembershipState Membership { get; }

    public ApplyWindow Applying { get; }

    public ElectionTimer Election { get; }

    public Instant Now { get; private set; }

    public Ready Ready { get; private set; } = new();

    public Term Term { get; private set; }

    public ReplicaId Vote { get; private set; }

    public Role Role { get; set; }

    public ReplicaId Leader { get; set; }

    /// <summary>The log or state on disk is damaged: this replica follows, and neither votes nor acknowledges.</summary>
    public bool Suspect { get; }

    /// <summary>The snapshot that is being installed; no entries are taken meanwhile.</summary>
    public SnapshotMetadata? Installing { get; set; }

    /// <summary>The group is silent: no timer runs.</summary>
    public bool Quiet { get; set; }

    /// <summary>The hard state as of the last <see cref="Ready"/> that carried one.</summary>
    public HardState HandedOutHardState { get; private set; }

    public void BeginStep(Instant now)
    {
        Check.That(now >= Now, $"time went back from {Now.Nanoseconds} to {now.Nanoseconds}");
        Now = now;
        Ready = new Ready();
        _before = (Term, Role, Leader);
    }

    public Ready EndStep()
    {
        var hardState = new HardState(Term, Vote, Log.Commit);
        bool promised = hardState.Term != HandedOutHardState.Term || hardState.Vote != HandedOutHardState.Vote;
        if (hardState != HandedOutHardState)
        {
            Ready.HardState = hardState;
            HandedOutHardState = hardState;
        }

        Ready.MustSync = (promised && !Mutants.VoteNotPersisted) || Ready.Entries.Count > 0;
        Ready.RoleChanged = _before != (Term, Role, Leader);
        return Ready;
    }

    /// <summary>Enters a later term, in which nobody has this replica's vote yet.</summary>
    public void EnterTerm(Term term)
    {
        Check.That(term > Term, $"term {term} is not after {Term}");
        Term = term;
        Vote = ReplicaId.None;
    }

    public void VoteFor(ReplicaId candidate)
    {
        Check.That(Vote.IsNone || Vote == candidate, $"second vote in term {Term}: {candidate} after {Vote}");
        Check.That(!Suspect);
        Vote = candidate;
    }

    public void Append(in Entry entry)
    {
        Log.Append(entry);
        Membership.Appended(entry);
    }

    public void CutFrom(LogIndex index)
    {
        Log.CutFrom(index);
        Membership.CutFrom(index);

        // What was acknowledged to an earlier leader in this very step will never be written.
        Ready.MessagesAfterPersist.RemoveAll(
            m => m is AppendEntriesResponse { Rejected: false } ack && ack.Match >= index);
    }

    /// <summary>For what depends on nothing of this step: no promise, no entry, no new term.</summary>
    public void Send(Message message)
    {
        if (Term != HandedOutHardState.Term)
        {
            Ready.MessagesAfterPersist.Add(message);
            return;
        }

        Ready.Messages.Add(message);
    }

    /// <summary>For what promises something: a vote, entries, a term.</summary>
    public void SendAfterPersist(Message message) =>
        (Mutants.IsSentTooEarly(message) ? Ready.Messages : Ready.MessagesAfterPersist).Add(message);

    private void FindUnappliedConfigurations(ILogReader reader)
    {
        var page = new List<Entry>();
        LogIndex from = LogIndex.Max(Log.Applied, Log.Floor.Index).Next;
        while (from <= Log.LastIndex && !Suspect)
        {
            page.Clear();
            reader.Read(from, Log.LastIndex, ScanPageBytes, page);
            Check.That(page.Count > 0 && page[0].Index == from, $"the log reader did not return entry {from}");
            foreach (Entry entry in page)
            {
                Membership.Appended(entry);
            }

            from = page[^1].Index.Next;
        }
    }
}
