namespace RaftDb.Server.Replicas;

/// <summary>What becomes of the things that still reach a replica after it has halted: each asker gets an answer at once.</summary>
internal static class HaltedInbox
{
    public static void Refuse(List<object> items, string reason, ReplicaInbox inbox, PendingProposals proposals, ReplicaReport report)
    {
        foreach (object item in items)
        {
            switch (item)
            {
                case PendingProposal proposal:
                    inbox.ReleaseProposal();
                    proposal.Complete(ProposalStatus.Stopped);
                    break;
                case PendingRead read:
                    read.Complete(new(ReadStatus.Stopped, default, default));
                    break;
                case PendingChange change:
                    change.Stop(reason);
                    break;
                case PendingTransfer transfer:
                    transfer.Complete(reason);
                    break;
                case ReceivedSnapshot received:
                    received.Complete(false);
                    break;
                case ReportRequest request:
                    request.Complete(report);
                    break;
                case ApplyDone done:
                    // The last batch before the halt was applied: who waits for it may know.
                    proposals.Applied(done.Entries, done.Results);
                    break;
            }
        }

        items.Clear();
    }
}
