using RaftDb.Raft;
using RaftDb.Raft.Messages;

namespace RaftDb.Tests.Raft.RandomScheduler;

/// <summary>What a message promises must be on its sender's disk when it leaves, so that a crash can't take it back.</summary>
internal sealed class Promises(SimWorld world)
{
    private readonly Dictionary<(ReplicaId Voter, Term Term), ReplicaId> _votes = [];

    public void Sent(SimNode sender, Message message)
    {
        Check.That(message.From == sender.Id, $"replica {sender.Id} sends in the name of {message.From}");
        switch (message)
        {
            case VoteRequest { PreVote: false }:
                CheckTerm(sender, message);
                break;
            case VoteResponse { PreVote: false, Granted: true }:
                CheckVote(sender, message);
                break;
            case AppendEntriesResponse response:
                CheckTerm(sender, message);
                if (!response.Rejected)
                {
                    CheckMatch(sender, response);
                }

                break;
        }
    }

    private static void CheckTerm(SimNode sender, Message message) =>
        Check.That(
            sender.Disk.HardState.Term >= message.Term,
            $"{message.GetType().Name} of term {message.Term} leaves {sender.Id} while its durable term is {sender.Disk.HardState.Term}");

    private void CheckVote(SimNode sender, Message message)
    {
        CheckTerm(sender, message);
        var hard = sender.Disk.HardState;
        Check.That(
            hard.Term > message.Term || hard.Vote == message.To,
            $"{sender.Id} votes for {message.To} in term {message.Term}; on its disk is a vote for {hard.Vote}");
        if (!_votes.TryAdd((sender.Id, message.Term), message.To))
        {
            var before = _votes[(sender.Id, message.Term)];
            Check.That(before == message.To, $"{sender.Id} votes in term {message.Term} for {before} and for {message.To}");
        }
    }

    /// <summary>The acknowledged entries are durable, and the ones of the leader they are acknowledged to; unless a later leader overwrote
    /// them meanwhile, which it only may with entries that are not committed.</summary>
    private void CheckMatch(SimNode sender, AppendEntriesResponse response)
    {
        if (sender.Disk.HardState.Term != response.Term)
        {
            return;
        }

        var log = sender.Disk.Log;
        Check.That(
            response.Match <= log.Last.Index, $"{sender.Id} acknowledges {response.Match}; durable is {log.Last.Index}");
        var leader = world.Find(response.To)?.Process;
        if (leader?.Raft is not { Role: Role.Leader } raft || raft.Term != response.Term)
        {
            return;
        }

        if (log.Holds(response.Match) && leader.View.Holds(response.Match))
        {
            Check.That(
                log.ChainAt(response.Match) == leader.View.ChainAt(response.Match),
                $"{sender.Id} acknowledges {response.Match} to {response.To} and has another entry there");
        }
    }
}
