using RaftDb.Raft;

namespace RaftDb.Simulation.Faults;

/// <summary>Which row of the table of known failures a fault rehearses by itself.</summary>
internal static class FaultRows
{
    public static string? Of(FaultKind kind, SwarmOptions swarm) => kind switch
    {
        FaultKind.OneWay => "A7 one-way partition",
        FaultKind.IsolateLeader => "C3 leader cut off among reads",
        FaultKind.PauseLeader when swarm.Raft.FailoverMode == FailoverMode.Lease => "C5 leader paused where leases are held",
        FaultKind.ClockLeap or FaultKind.ClockDrift or FaultKind.WallJump => "C6 clocks drift, leap and are set",
        FaultKind.DiskFailsOnce or FaultKind.DiskFailsForEver => "G3 disk operation fails",
        FaultKind.PowerCutEverywhere => "G5 power cut everywhere",
        FaultKind.Wipe => "D7 wiped disk comes back",
        FaultKind.TransferCutOff when swarm.Raft.FailoverMode == FailoverMode.Lease => "C7 leader cut off after TimeoutNow where leases are held",
        FaultKind.LateAnswers when swarm.Raft.FailoverMode == FailoverMode.Lease => "C5 answers of the last round come late where leases are held",
        FaultKind.BitFlip or FaultKind.Misdirect => "G8 bits flip, writes go astray",
        FaultKind.StateRots => "H6 row changed silently",
        _ => null,
    };
}
