using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft.Elections;

/// <summary>Decides on requests for votes, the same in every role. A learner votes too: it may be a voter and not know it yet;
/// whether a vote counts is the candidate's configuration's business.</summary>
internal sealed class Voter(NodeState state, Roles roles)
{
    public void OnRequest(VoteRequest request)
    {
        if (state.Suspect)
        {
            return;
        }

        if (request.Term < state.Term)
        {
            // A pre-candidate behind in terms would ask forever if nobody told it.
            if (request.PreVote)
            {
                Refuse(request);
            }

            return;
        }

        bool later = request.Term > state.Term;
        if (later && !request.Transfer && state.Election.ProtectsLeader(request.LeaderCrashed))
        {
            return;
        }

        if (later && !request.PreVote)
        {
            roles.BecomeFollower(request.Term, ReplicaId.None);
        }

        bool free = Mutants.VoteTwice || state.Vote == request.From || (state.Vote.IsNone && state.Leader.IsNone) || (request.PreVote && later);
        if (!free || !IsUpToDate(request.Last))
        {
            Refuse(request);
            return;
        }

        var response = new VoteResponse(state.Self, request.From, request.Term, request.PreVote, Granted: true)
        {
            Commit = state.Log.LastCommitted,
        };
        if (request.PreVote)
        {
            GrantPreVote(request, response);
            return;
        }

        state.VoteFor(request.From);
        state.Election.Restart();
        state.SendAfterPersist(response);
    }

    private void GrantPreVote(VoteRequest request, VoteResponse response)
    {
        if (request.LeaderCrashed && state.Election.LeaderCrashed)
        {
            // Both saw the same crash: let the one who was first get through.
            state.Election.Restart();
        }

        state.Send(response);
    }

    private void Refuse(VoteRequest request) =>
        state.SendAfterPersist(
            new VoteResponse(state.Self, request.From, state.Term, request.PreVote, Granted: false)
            {
                Commit = state.Log.LastCommitted,
            });

    /// <summary>Thesis 3.6.1: the later last term wins, then the longer log.</summary>
    private bool IsUpToDate(LogPosition candidate)
    {
        LogPosition own = state.Log.Last;
        return Mutants.VoteForAShorterLog || candidate.Term > own.Term || (candidate.Term == own.Term && candidate.Index >= own.Index);
    }
}
