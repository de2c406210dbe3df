using RaftDb.Raft;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>A <see cref="Ready"/> as lines for people and golden files, in the order in which it is worked off.</summary>
internal static class ReadyText
{
    public static IEnumerable<string> Lines(Ready ready)
    {
        if (ready.HardState is { } hard)
        {
            yield return $"hard state term={hard.Term} vote={hard.Vote} commit={hard.Commit}{(ready.MustSync ? " sync" : "")}";
        }

        foreach (var entry in ready.Entries)
        {
            yield return $"append {MessageText.Of(entry)}";
        }

        foreach (var message in ready.Messages)
        {
            yield return $"send {MessageText.Of(message)}";
        }

        foreach (var message in ready.MessagesAfterPersist)
        {
            yield return $"send after persist {MessageText.Of(message)}";
        }

        if (ready.SnapshotToInstall is { } snapshot)
        {
            yield return $"install snapshot {MessageText.Of(snapshot.Position)} {snapshot.Configuration}";
        }

        foreach (var entry in ready.Committed)
        {
            yield return $"apply {MessageText.Of(entry)}";
        }

        foreach (var (index, configuration) in ready.Configurations)
        {
            yield return $"configuration at {index}: {configuration}";
        }

        foreach (var follower in ready.SnapshotsToSend)
        {
            yield return $"snapshot to {follower}";
        }

        foreach (var outcome in ready.Proposals)
        {
            yield return outcome.Refusal == ProposalRefusal.None
                ? $"proposed {outcome.Accepted} at {MessageText.Of(outcome.First)}"
                : $"proposal refused: {outcome.Refusal} after {outcome.Accepted}{(outcome.Detail is null ? "" : $" ({outcome.Detail})")}";
        }

        foreach (var read in ready.Reads)
        {
            yield return $"read {read.Context} {(read.Refused ? "refused" : $"index={read.Index}")}";
        }

        foreach (var transfer in ready.Transfers)
        {
            yield return $"transfer to {transfer.To} {(transfer.Succeeded ? "succeeded" : $"failed: {transfer.Detail}")}";
        }
    }
}
