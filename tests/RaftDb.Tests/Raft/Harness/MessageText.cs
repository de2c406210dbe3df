using System.Text;
using RaftDb.Raft.Log;
using RaftDb.Raft.Membership;
using RaftDb.Raft.Messages;

namespace RaftDb.Tests.Raft.Harness;

/// <summary>Messages and entries as one line for people and golden files.</summary>
internal static class MessageText
{
    public static string Of(Message message) => $"{message.From}->{message.To} {Body(message)}";

    public static string Of(LogPosition position) => $"{position.Index}@{position.Term}";

    public static string Of(Entry entry) => entry.Kind switch
    {
        EntryKind.Noop => $"{entry.Index}@{entry.Term} noop",
        EntryKind.Command => $"{entry.Index}@{entry.Term} \"{Command(entry.Data.Span)}\"",
        _ => $"{entry.Index}@{entry.Term} [{Of(ConfigurationCodec.DecodeChange(entry.Data.Span))}]",
    };

    public static string Of(ConfigurationChange change)
    {
        var words = change.Changes.Select(one => one.Kind switch
        {
            ConfigurationChangeKind.AddVoter => $"v{one.Replica}",
            ConfigurationChangeKind.AddLearner => $"l{one.Replica}",
            _ => $"r{one.Replica}",
        });
        var text = change.Changes.Count == 0 ? "leave-joint" : string.Join(' ', words);
        return change.Transition == ConfigurationTransition.Auto ? text : $"{text} {change.Transition}";
    }

    /// <summary>Short commands of printable characters as they are, others as their length.</summary>
    private static string Command(ReadOnlySpan<byte> data)
    {
        foreach (var value in data)
        {
            if (value is < 0x20 or > 0x7E || data.Length > 16)
            {
                return $"<{data.Length} bytes>";
            }
        }

        return Encoding.ASCII.GetString(data);
    }

    private static string Body(Message message) => message switch
    {
        VoteRequest m =>
            $"{(m.PreVote ? "PreVote" : "Vote")} term={m.Term} last={Of(m.Last)} commit={Of(m.Commit)}{Flag(m.Transfer, "transfer")}{Flag(m.LeaderCrashed, "leader-crashed")}",
        VoteResponse m => $"{(m.PreVote ? "PreVote" : "Vote")}Response term={m.Term} {(m.Granted ? "granted" : "refused")} commit={Of(m.Commit)}",
        AppendEntries m =>
            $"Append term={m.Term} previous={Of(m.Previous)} commit={m.Commit}{Flag(m.ReportApplied, "report-applied")}" +
            (m.Entries.Count == 0 ? "" : $" entries=[{string.Join(", ", m.Entries.Select(Of))}]"),
        AppendEntriesResponse { Rejected: true } m => $"AppendResponse term={m.Term} rejected={m.Match} hint={Of(m.Hint)} applied={m.Applied}",
        AppendEntriesResponse m => $"AppendResponse term={m.Term} match={m.Match} applied={m.Applied}",
        Heartbeat m => $"Heartbeat term={m.Term} commit={m.Commit} round={m.ReadRound}{Flag(m.Quiesce, "quiesce")}",
        HeartbeatResponse m => $"HeartbeatResponse term={m.Term} round={m.ReadRound} applied={m.Applied}",
        InstallSnapshot m => $"InstallSnapshot term={m.Term} at={Of(m.Snapshot.Position)} {m.Snapshot.Configuration}",
        TimeoutNow m => $"TimeoutNow term={m.Term}",
        ReadIndexRequest m => $"ReadIndex term={m.Term} context={m.Context}",
        ReadIndexResponse m => $"ReadIndexResponse term={m.Term} context={m.Context} {(m.Refused ? "refused" : $"index={m.Index}")}",
        _ => message.ToString(),
    };

    private static string Flag(bool set, string name) => set ? $" {name}" : "";
}
