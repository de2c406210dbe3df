using RaftDb.Raft.Messages;

namespace RaftDb.Raft;

/// <summary>Bugs that the simulator plants, one at a time, to show that it would find them. In the product every one of them is a constant
/// <see langword="false"/>, so that nothing of it is left in the compiled code. What each of them would do is in docs/testing.md.</summary>
internal static class Mutants
{
#if RAFTDB_MUTANTS
    /// <summary>The name of the one that is planted; null for none.</summary>
    public static string? Planted { get; set; }

    /// <summary>The names of all.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        nameof(AckBeforeFsync),
        nameof(AckBeforePersisted),
        nameof(AcknowledgedMarkTooFar),
        nameof(AppliedBeforeDurable),
        nameof(AppliedIndexOutsideTheTransaction),
        nameof(BatchItemHalfDone),
        nameof(BatchNamedAsSynced),
        nameof(CampaignsWithUnappliedChange),
        nameof(ChangeBeforeCommitInTerm),
        nameof(CheckpointNotDurable),
        nameof(CommitTakenBeforeTheCut),
        nameof(ConditionsIgnored),
        nameof(DirectoryNotSynced),
        nameof(EarlierReplicaBegunAgain),
        nameof(ExpiredReadsSpin),
        nameof(ExpiredSessionReexecutes),
        nameof(FsyncFailureIgnored),
        nameof(HeartbeatCommitsBeyondMatch),
        nameof(JointCommitNeedsOneHalf),
        nameof(LeaderCountsItselfEarly),
        nameof(LeaseFromReceiveTime),
        nameof(LeaseKeptOverTransfer),
        nameof(MatchingEntriesCut),
        nameof(NeededSegmentFreed),
        nameof(OldTermCommittedByCounting),
        nameof(OldTermsListenedTo),
        nameof(PreviousEntryNotCompared),
        nameof(ProposalTakenForAnother),
        nameof(ReadContextsRestart),
        nameof(ReadIndexWithoutCommitInTerm),
        nameof(ReadIndexWithoutQuorum),
        nameof(ReadsDontWaitForApply),
        nameof(RefusedWritesOvertaken),
        nameof(RejectedCommandHalfDone),
        nameof(ReplicasNotCompared),
        nameof(SegmentEndNotNamed),
        nameof(SegmentLeftUnsynced),
        nameof(SequenceReuseNotCompared),
        nameof(SessionForgottenAtRestart),
        nameof(SessionResultNotStored),
        nameof(SessionResultsOutsideTheTransaction),
        nameof(SessionTableMissingFromSnapshot),
        nameof(SessionTokenIgnored),
        nameof(SessionsExpireByWallClock),
        nameof(SlicesReadBesideTheMark),
        nameof(SnapshotOvertakesApplies),
        nameof(StaleCompletionAccepted),
        nameof(StaleRecordsFit),
        nameof(StalenessBoundIgnored),
        nameof(StalenessCountedFromTheAnswer),
        nameof(SuspicionIgnored),
        nameof(TornTailRuleAppliedToCorruption),
        nameof(TruncationNotRecorded),
        nameof(TwoChangesAtOnce),
        nameof(UnknownWritesRepeated),
        nameof(VoteBeforePersisted),
        nameof(VoteForAShorterLog),
        nameof(VoteNotPersisted),
        nameof(VoteTwice),
        nameof(VoterForgetsTheLease),
        nameof(WriteCompletedBeforeItsRound),
    ];

    /// <summary>What the clock of the machine shows that applies entries just now: for a bug that looks there.</summary>
    public static long WallMilliseconds { get; set; }
#else
    /// <summary>Nobody looks there.</summary>
    public static long WallMilliseconds => 0;
#endif

    public static bool AckBeforeFsync => Is(nameof(AckBeforeFsync));

    public static bool AckBeforePersisted => Is(nameof(AckBeforePersisted));

    public static bool AcknowledgedMarkTooFar => Is(nameof(AcknowledgedMarkTooFar));

    public static bool AppliedBeforeDurable => Is(nameof(AppliedBeforeDurable));

    public static bool AppliedIndexOutsideTheTransaction => Is(nameof(AppliedIndexOutsideTheTransaction));

    public static bool BatchItemHalfDone => Is(nameof(BatchItemHalfDone));

    public static bool BatchNamedAsSynced => Is(nameof(BatchNamedAsSynced));

    public static bool CampaignsWithUnappliedChange => Is(nameof(CampaignsWithUnappliedChange));

    public static bool ChangeBeforeCommitInTerm => Is(nameof(ChangeBeforeCommitInTerm));

    public static bool CheckpointNotDurable => Is(nameof(CheckpointNotDurable));

    public static bool CommitTakenBeforeTheCut => Is(nameof(CommitTakenBeforeTheCut));

    public static bool ConditionsIgnored => Is(nameof(ConditionsIgnored));

    public static bool DirectoryNotSynced => Is(nameof(DirectoryNotSynced));

    public static bool EarlierReplicaBegunAgain => Is(nameof(EarlierReplicaBegunAgain));

    public static bool ExpiredReadsSpin => Is(nameof(ExpiredReadsSpin));

    public static bool ExpiredSessionReexecutes => Is(nameof(ExpiredSessionReexecutes));

    public static bool FsyncFailureIgnored => Is(nameof(FsyncFailureIgnored));

    public static bool HeartbeatCommitsBeyondMatch => Is(nameof(HeartbeatCommitsBeyondMatch));

    public static bool JointCommitNeedsOneHalf => Is(nameof(JointCommitNeedsOneHalf));

    public static bool LeaderCountsItselfEarly => Is(nameof(LeaderCountsItselfEarly));

    public static bool LeaseFromReceiveTime => Is(nameof(LeaseFromReceiveTime));

    public static bool LeaseKeptOverTransfer => Is(nameof(LeaseKeptOverTransfer));

    public static bool MatchingEntriesCut => Is(nameof(MatchingEntriesCut));

    public static bool NeededSegmentFreed => Is(nameof(NeededSegmentFreed));

    public static bool OldTermCommittedByCounting => Is(nameof(OldTermCommittedByCounting));

    public static bool OldTermsListenedTo => Is(nameof(OldTermsListenedTo));

    public static bool PreviousEntryNotCompared => Is(nameof(PreviousEntryNotCompared));

    public static bool ProposalTakenForAnother => Is(nameof(ProposalTakenForAnother));

    public static bool ReadContextsRestart => Is(nameof(ReadContextsRestart));

    public static bool ReadIndexWithoutCommitInTerm => Is(nameof(ReadIndexWithoutCommitInTerm));

    public static bool ReadIndexWithoutQuorum => Is(nameof(ReadIndexWithoutQuorum));

    public static bool ReadsDontWaitForApply => Is(nameof(ReadsDontWaitForApply));

    public static bool RefusedWritesOvertaken => Is(nameof(RefusedWritesOvertaken));

    public static bool RejectedCommandHalfDone => Is(nameof(RejectedCommandHalfDone));

    public static bool ReplicasNotCompared => Is(nameof(ReplicasNotCompared));

    public static bool SegmentEndNotNamed => Is(nameof(SegmentEndNotNamed));

    public static bool SegmentLeftUnsynced => Is(nameof(SegmentLeftUnsynced));

    public static bool SequenceReuseNotCompared => Is(nameof(SequenceReuseNotCompared));

    public static bool SessionForgottenAtRestart => Is(nameof(SessionForgottenAtRestart));

    public static bool SessionResultNotStored => Is(nameof(SessionResultNotStored));

    public static bool SessionResultsOutsideTheTransaction => Is(nameof(SessionResultsOutsideTheTransaction));

    public static bool SessionTableMissingFromSnapshot => Is(nameof(SessionTableMissingFromSnapshot));

    public static bool SessionTokenIgnored => Is(nameof(SessionTokenIgnored));

    public static bool SessionsExpireByWallClock => Is(nameof(SessionsExpireByWallClock));

    public static bool SlicesReadBesideTheMark => Is(nameof(SlicesReadBesideTheMark));

    public static bool SnapshotOvertakesApplies => Is(nameof(SnapshotOvertakesApplies));

    public static bool StaleCompletionAccepted => Is(nameof(StaleCompletionAccepted));

    public static bool StaleRecordsFit => Is(nameof(StaleRecordsFit));

    public static bool StalenessBoundIgnored => Is(nameof(StalenessBoundIgnored));

    public static bool StalenessCountedFromTheAnswer => Is(nameof(StalenessCountedFromTheAnswer));

    public static bool SuspicionIgnored => Is(nameof(SuspicionIgnored));

    public static bool TornTailRuleAppliedToCorruption => Is(nameof(TornTailRuleAppliedToCorruption));

    public static bool TruncationNotRecorded => Is(nameof(TruncationNotRecorded));

    public static bool TwoChangesAtOnce => Is(nameof(TwoChangesAtOnce));

    public static bool UnknownWritesRepeated => Is(nameof(UnknownWritesRepeated));

    public static bool VoteBeforePersisted => Is(nameof(VoteBeforePersisted));

    public static bool VoteForAShorterLog => Is(nameof(VoteForAShorterLog));

    public static bool VoteNotPersisted => Is(nameof(VoteNotPersisted));

    public static bool VoteTwice => Is(nameof(VoteTwice));

    public static bool VoterForgetsTheLease => Is(nameof(VoterForgetsTheLease));

    public static bool WriteCompletedBeforeItsRound => Is(nameof(WriteCompletedBeforeItsRound));

    /// <summary>Whether a message that promises something leaves before that is durable.</summary>
    public static bool IsSentTooEarly(Message message) =>
        (VoteBeforePersisted && message is VoteResponse) || (AckBeforePersisted && message is AppendEntriesResponse);

    private static bool Is(string name) =>
#if RAFTDB_MUTANTS
        Planted is not null && Planted == name;
#else
        false;
#endif
}
