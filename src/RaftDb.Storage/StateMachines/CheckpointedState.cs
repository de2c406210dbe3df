using RaftDb.Storage.StateMachines.Reads;

namespace RaftDb.Storage.StateMachines;

/// <summary>What a <see cref="Checkpointer"/> needs of the state machine whose file it checkpoints.</summary>
/// <param name="Writing">Held by who writes to the file.</param>
/// <param name="InFile">What is in the file.</param>
/// <param name="IsAtRest">Whether nothing more has come to be written.</param>
/// <param name="Filled">How many layers have been filled since some time.</param>
/// <param name="EndReads">Ends read transactions, those in use when they are given back: they would keep the WAL from starting over.</param>
/// <param name="Readers">Where views come from.</param>
internal sealed record CheckpointedState(
    Lock Writing, Func<StateMeta> InFile, Func<bool> IsAtRest, Func<double> Filled, Action EndReads, ReadConnectionPool Readers);
