using System.Text;
using RaftDb.Raft;
using RaftDb.Tests.Raft.Harness;

namespace RaftDb.Tests.Raft.GroupScripts;

/// <summary>Inputs as one line for golden files.</summary>
internal static class InputText
{
    public static string Of(Input input) => input switch
    {
        Input.MessageReceived m => MessageText.Of(m.Message),
        Input.Propose p => $"propose {string.Join(' ', p.Commands.Select(command => $"\"{Encoding.ASCII.GetString(command.Span)}\""))}",
        Input.ProposeConfigurationChange p => $"propose change [{MessageText.Of(p.Change)}]",
        Input.EntriesPersisted p => $"persisted {MessageText.Of(p.Last)}",
        Input.Applied a => $"applied {a.Index}",
        Input.SnapshotInstalled s => $"snapshot installed {MessageText.Of(s.Snapshot.Position)}",
        Input.SnapshotSent s => $"snapshot to {s.Follower} {(s.Succeeded ? "sent" : "failed")}",
        Input.ReadIndex r => $"read index context={r.Context}",
        Input.TransferLeadership t => $"transfer to {t.To}",
        Input.Campaign => "campaign",
        Input.Unreachable u => $"unreachable {u.Replica}",
        Input.ProcessLost p => $"process lost {p.Replica}",
        Input.Suspected s => $"suspected {s.Replica}",
        Input.LogCompacted c => $"compacted {MessageText.Of(c.Floor)}",
        Input.RequestAppliedReports r => $"request applied reports {r.Index}",
        _ => "tick",
    };
}
