namespace RaftDb.Raft;

/// <summary>What must hold of one node after every step.</summary>
public static class Invariants
{
}
