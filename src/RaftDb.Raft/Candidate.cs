using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;
using RaftDb.Raft.Quorum;

namespace RaftDb.Raft;

/// <summary>What a replica does to become leader: rehearse (pre-vote), ask for votes, count them.</summary>
internal sealed class Candidate(NodeState state, Roles roles)
{
    private readonly SortedDictionary<ReplicaId, bool> _votes = [];

    /// <summary>Until when, and in which term, this replica takes over as its leader asked, once it has applied what it must.</summary>
    private (Term Term, Instant Until) _takesOver;

    /// <summary>Whether this replica may lead at all: a healthy voter that knows of no committed change of membership that it has
    /// not applied (its idea of a quorum may be outdated).</summary>
    private bool MayCampaign =>
        !state.Suspect && state.Installing is null && state.Membership.IsVoter(state.Self) && !MustApplyFirst;

    private bool MustApplyFirst =>
        state.Membership.HasUnapplied && !Mutants.CampaignsWithUnappliedChange && state.Membership.FirstUnapplied <= state.Log.Commit;

    /// <summary>Tries to become leader. With <paramref name="transfer"/> the leader asked for it: there is nothing to rehearse.</summary>
    public void Campaign(bool transfer)
    {
        if (state.Role == Role.Leader)
        {
            return;
        }

        if (!MayCampaign || (state.Election.BoundByLease && !transfer))
        {
            // It goes on believing in its leader: asking it for a read is what wakes a quiet one.
            state.Election.Restart();
            return;
        }

        if (state.Options.PreVote && !transfer)
        {
            Rehearse();
            return;
        }

        AskForVotes(transfer);
    }

    /// <summary>The leader asks this replica to lead. A leader that was removed does so while the change that removes it is still to be applied here; to wait for
    /// that is no different from a message that comes a little later.</summary>
    public void TakeOver()
    {
        _takesOver = (state.Term, state.Now + state.Options.ElectionTimeout);
        TakeOverOnceApplied();
    }

    /// <summary>More of the log is applied.</summary>
    public void TakeOverOnceApplied()
    {
        if (_takesOver.Term != state.Term || _takesOver.Until <= state.Now || MustApplyFirst)
        {
            return;
        }

        _takesOver = default;
        Campaign(transfer: true);
    }

    public void OnVoteResponse(VoteResponse response)
    {
        Role asked = response.PreVote ? Role.PreCandidate : Role.Candidate;
        Term expected = response.PreVote && response.Granted ? state.Term.Next : state.Term;
        if (state.Role != asked || response.Term != expected)
        {
            return;
        }

        _votes.TryAdd(response.From, response.Granted);
        Count();
    }

    /// <summary>Takes over what another replica knows to be committed. A candidate whose configuration turns out to be outdated by that
    /// waits until it has applied the new one.</summary>
    public void LearnCommit(LogPosition committed)
    {
        if (state.Role == Role.Leader || state.Suspect || state.Installing is not null ||
            committed.Index <= state.Log.Commit || !state.Log.Contains(committed))
        {
            return;
        }

        state.Log.CommitTo(committed.Index);
        if (state.Role != Role.Follower && !MayCampaign)
        {
            roles.BecomeFollower(state.Term, ReplicaId.None);
        }
    }

    private void Rehearse()
    {
        roles.BecomePreCandidate();
        _votes.Clear();
        _votes.Add(state.Self, true);
        foreach (ReplicaId voter in OtherVoters())
        {
            state.Send(Request(voter, state.Term.Next, preVote: true, transfer: false));
        }

        Count();
    }

    private void AskForVotes(bool transfer)
    {
        if (!MayCampaign)
        {
            roles.BecomeFollower(state.Term, ReplicaId.None);
            return;
        }

        roles.BecomeCandidate();
        _votes.Clear();
        foreach (ReplicaId voter in OtherVoters())
        {
            state.SendAfterPersist(Request(voter, state.Term, preVote: false, transfer));
        }

        // The own vote counts when it is durable, like everybody else's: it comes back as a message.
        state.SendAfterPersist(
            new VoteResponse(state.Self, state.Self, state.Term, PreVote: false, Granted: true)
            {
                Commit = state.Log.LastCommitted,
            });
    }

    private VoteRequest Request(ReplicaId voter, Term term, bool preVote, bool transfer) =>
        new(state.Self, voter, term, state.Log.LastPersisted, preVote, transfer, state.Election.LeaderCrashed)
        {
            Commit = state.Log.LastCommitted,
        };

    private void Count()
    {
        switch (JointQuorum.VoteResult(state.Membership.Current, _votes))
        {
            case VoteResult.Won when state.Role == Role.PreCandidate:
                AskForVotes(transfer: false);
                break;
            case VoteResult.Won:
                roles.BecomeLeader();
                break;
            case VoteResult.Lost:
                roles.BecomeFollower(state.Term, ReplicaId.None);
                break;
            default:
                HurryIfOnlyTheDeadCouldHelp();
                break;
        }
    }

    private void HurryIfOnlyTheDeadCouldHelp()
    {
        ReplicaId dead = state.Election.CrashedLeader;
        if (!state.Election.LeaderCrashed || !_votes.TryAdd(dead, false))
        {
            return;
        }

        if (JointQuorum.VoteResult(state.Membership.Current, _votes) == VoteResult.Lost)
        {
            state.Election.HurryAfterSplitVote();
        }

        // It may have been started again meanwhile, and then its answer counts.
        _votes.Remove(dead);
    }

    private List<ReplicaId> OtherVoters()
    {
        var voters = new SortedSet<ReplicaId>(state.Membership.Current.Voters);
        voters.UnionWith(state.Membership.Current.OutgoingVoters);
        voters.Remove(state.Self);
        return [.. voters];
    }
}
