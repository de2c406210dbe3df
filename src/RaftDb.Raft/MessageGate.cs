using RaftDb.Raft.Log;
using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>Compares the terms of a message and this replica (thesis 3.3), and hands the message to the role it is for.</summary>
internal sealed class MessageGate(NodeState state, Roles roles)
{
    public void Take(Message message)
    {
        if (message.To != state.Self || message.From.IsNone || !IsFromElsewhere(message))
        {
            return;
        }

        if (message is VoteResponse answer)
        {
            roles.Candidate.LearnCommit(answer.Commit);
        }

        if (message is VoteRequest request)
        {
            roles.Candidate.LearnCommit(request.Commit);
            roles.Voter.OnRequest(request);
            return;
        }

        if (message.Term < state.Term && !Mutants.OldTermsListenedTo)
        {
            OnOutdated(message);
            return;
        }

        if (message.Term > state.Term && message is not VoteResponse { PreVote: true, Granted: true })
        {
            bool fromLeader = message is AppendEntries or Heartbeat or InstallSnapshot;
            roles.BecomeFollower(message.Term, fromLeader ? message.From : ReplicaId.None);
        }

        Dispatch(message);
    }

    /// <summary>The only message to oneself is one's own vote, which counts once it is durable.</summary>
    private bool IsFromElsewhere(Message message) =>
        message.From != state.Self || message is VoteResponse { PreVote: false };

    private void OnOutdated(Message message)
    {
        if (state.Suspect || message is not (AppendEntries or Heartbeat) ||
            !(state.Options.CheckQuorum || state.Options.PreVote))
        {
            return;
        }

        // A replica of a later term that nobody votes for would be cut off for good: its term makes the leader step down,
        // and the next election takes it in (etcd-io/raft does the same).
        state.SendAfterPersist(
            new AppendEntriesResponse(
                state.Self, message.From, state.Term, Rejected: false, LogIndex.Zero, LogPosition.Zero, state.Log.Applied));
    }

    private void Dispatch(Message message)
    {
        switch (message)
        {
            case AppendEntries append:
                roles.Follower.OnAppendEntries(append);
                break;
            case AppendEntriesResponse response:
                roles.Leader?.OnAppendEntriesResponse(response);
                break;
            case Heartbeat heartbeat:
                roles.Follower.OnHeartbeat(heartbeat);
                break;
            case HeartbeatResponse response:
                roles.Leader?.OnHeartbeatResponse(response);
                break;
            case VoteResponse response:
                roles.Candidate.OnVoteResponse(response);
                break;
            case InstallSnapshot install:
                roles.Follower.OnInstallSnapshot(install);
                break;
            case TimeoutNow timeoutNow:
                roles.Follower.OnTimeoutNow(timeoutNow);
                break;
            case ReadIndexRequest request:
                OnReadIndexRequest(request);
                break;
            case ReadIndexResponse response:
                roles.ForwardedReads.OnResponse(response);
                break;
            default:
                Check.That(false, $"there is no rule for {message.GetType().Name}");
                break;
        }
    }

    private void OnReadIndexRequest(ReadIndexRequest request)
    {
        if (roles.Leader is { } leader)
        {
            leader.ReadIndex(request.From, request.Context);
            return;
        }

        state.SendAfterPersist(
            new ReadIndexResponse(
                state.Self, request.From, state.Term, request.Context, LogIndex.Zero, Refused: true));
    }
}
