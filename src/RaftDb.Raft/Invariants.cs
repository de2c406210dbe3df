using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Replication;

namespace RaftDb.Raft;

/// <summary>What must hold of one node after every step. Remembers the step before, for what may only grow.</summary>
internal sealed class Invariants(NodeState state, Roles roles)
{
    private Term _term = state.Term;
    private ReplicaId _vote = state.Vote;
    private LogIndex _commit = state.Log.Commit;
    private LogIndex _applied = state.Log.Applied;
    private LogIndex _persisted = state.Log.Persisted;
    private LogIndex _floor = state.Log.Floor.Index;
    private ReplicaId _leader = state.Leader;

    public void Verify()
    {
        VerifyTerm();
        VerifyLog();
        VerifyRole();
        VerifyMembership();
        _term = state.Term;
        _vote = state.Vote;
        _commit = state.Log.Commit;
        _applied = state.Log.Applied;
        _persisted = state.Log.Persisted;
        _floor = state.Log.Floor.Index;
        _leader = state.Leader;
    }

    private void VerifyTerm()
    {
        Check.That(state.Term >= _term, $"term {state.Term} after {_term}");
        Check.That(
            state.Term > _term || _vote.IsNone || state.Vote == _vote,
            $"vote {state.Vote} after {_vote} in term {state.Term}");
        Check.That(
            state.Term > _term || _leader.IsNone || state.Leader.IsNone || state.Leader == _leader,
            $"leader {state.Leader} after {_leader} in term {state.Term}");
    }

    private void VerifyLog()
    {
        RaftLog log = state.Log;
        Check.That(log.Commit >= _commit, $"commit {log.Commit} after {_commit}");
        Check.That(log.Applied >= _applied, $"applied {log.Applied} after {_applied}");
        Check.That(log.Floor.Index >= _floor, $"floor {log.Floor.Index} after {_floor}");
        LogIndex sure = LogIndex.Min(_persisted, _commit);
        Check.That(log.Persisted >= sure, $"persisted {log.Persisted} after {_persisted} with commit {_commit}");
        Check.That(log.Persisted <= log.LastIndex, $"persisted {log.Persisted}, last {log.LastIndex}");
        Check.That(log.Commit <= log.LastIndex, $"commit {log.Commit}, last {log.LastIndex}");
        Check.That(log.Applied <= log.Commit, $"applied {log.Applied}, commit {log.Commit}");
        Check.That(
            state.Suspect || log.Floor.Index <= log.Applied, $"floor {log.Floor.Index}, applied {log.Applied}");
        Check.That(log.Last.Term <= state.Term, $"the last entry's term {log.Last.Term}, term {state.Term}");
        LogIndex handedOut = state.Applying.HandedOut;
        Check.That(
            handedOut >= log.Applied && handedOut <= log.Commit && handedOut <= log.Persisted,
            $"applied {log.Applied}, handed out {handedOut}, commit {log.Commit}, persisted {log.Persisted}");
    }

    private void VerifyRole()
    {
        Check.That(state.Role == Role.Leader == roles.Leader is not null);
        Check.That(
            state.Role == Role.Leader == (state.Leader == state.Self),
            $"role {state.Role} of {state.Self} with leader {state.Leader}");
        Check.That(
            state.Role is not (Role.Leader or Role.Candidate) || state.Vote == state.Self,
            $"role {state.Role} of {state.Self} with vote {state.Vote}");
        Check.That(
            state.Role == Role.Follower || (!state.Suspect && state.Installing is null),
            $"role {state.Role} of a replica that may only follow");
        Check.That(
            state.Installing is null || state.Installing.Position.Index > state.Log.Commit,
            $"a snapshot is installed below commit {state.Log.Commit}");
        Check.That(
            !state.Quiet || (state.Log.Commit == state.Log.LastIndex && !state.Leader.IsNone),
            $"quiet with commit {state.Log.Commit}, last {state.Log.LastIndex}, leader {state.Leader}");
    }

    private void VerifyMembership()
    {
        int uncommitted = state.Membership.CountUnappliedAfter(state.Log.Commit);
        Check.That(uncommitted <= 1, $"{uncommitted} uncommitted changes of membership");
        if (roles.Leader is not { } leader)
        {
            return;
        }

        Configuration current = state.Membership.Current;
        int expected = current.Voters.Count + current.Learners.Count;
        foreach (ReplicaId outgoing in current.OutgoingVoters)
        {
            expected += current.Voters.Contains(outgoing) ? 0 : 1;
        }

        Check.That(
            leader.Tracker.Members.Length == expected,
            $"progress of {leader.Tracker.Members.Length} members, but there are {expected}");
        foreach (Progress member in leader.Tracker.Members)
        {
            Check.That(current.IsVoter(member.Replica) || current.IsLearner(member.Replica), $"progress of {member.Replica}, which is no member");
            Check.That(
                member.Match < member.Next && member.Next <= state.Log.LastIndex.Next,
                $"replica {member.Replica}: match {member.Match}, next {member.Next}, last {state.Log.LastIndex}");
            Check.That(
                member.Inflights.Count <= state.Options.MaxInflightMessages,
                $"replica {member.Replica}: {member.Inflights.Count} messages under way");
        }
    }
}
