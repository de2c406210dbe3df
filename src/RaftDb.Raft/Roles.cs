using RaftDb.Raft.Elections;
using RaftDb.Raft.Reads;
using RaftDb.Raft.Replication;

namespace RaftDb.Raft;

/// <summary>The roles of one replica and the transitions between them.</summary>
internal sealed class Roles
{
    private readonly NodeState _state;

    public Roles(NodeState state)
    {
        _state = state;
        Voter = new Voter(state, this);
        ForwardedReads = new ForwardedReads(state);
        Transfer = new LeadershipTransfer(state);
        Follower = new Follower(state, this);
        Candidate = new Candidate(state, this);
    }

    public Voter Voter { get; }

    public Follower Follower { get; }

    public Candidate Candidate { get; }

    /// <summary>What this replica does as leader; null unless it leads.</summary>
    public Leader? Leader { get; private set; }

    public ForwardedReads ForwardedReads { get; }

    public LeadershipTransfer Transfer { get; }

    public void BecomeFollower(Term term, ReplicaId leader)
    {
        Retire();
        if (term > _state.Term)
        {
            _state.EnterTerm(term);
        }

        Check.That(term == _state.Term, $"back to term {term} from {_state.Term}");
        _state.Role = Role.Follower;
        SetLeader(leader);
        _state.Election.Restart();
    }

    public void BecomePreCandidate()
    {
        Check.That(_state.Role != Role.Leader);
        _state.Role = Role.PreCandidate;
        SetLeader(ReplicaId.None);
        _state.Election.Restart();
    }

    public void BecomeCandidate()
    {
        Check.That(_state.Role != Role.Leader);
        _state.EnterTerm(_state.Term.Next);
        _state.VoteFor(_state.Self);
        _state.Role = Role.Candidate;
        SetLeader(ReplicaId.None);
        _state.Election.Restart();
    }

    public void BecomeLeader()
    {
        Check.That(_state.Role == Role.Candidate);
        Check.That(_state.Membership.IsVoter(_state.Self), $"replica {_state.Self} won without being a voter");
        _state.Role = Role.Leader;
        _state.Election.ForgetCrash();
        SetLeader(_state.Self);
        Leader = new Leader(_state, this);
        Leader.Start();
    }

    private void SetLeader(ReplicaId leader)
    {
        if (leader != _state.Leader)
        {
            // The new leader knows nothing of reads that the old one was asked for.
            ForwardedReads.RefuseAll();
            Follower.ForgetReports();
        }

        _state.Leader = leader;
        _state.Quiet = false;
        if (!leader.IsNone)
        {
            Transfer.LeaderKnown();
        }
    }

    private void Retire()
    {
        if (Leader is null)
        {
            return;
        }

        Leader.Retire();
        Leader = null;
    }
}
