namespace RaftDb.Simulation.Core;

/// <summary>A promise was broken: what the simulator is there to find.</summary>
internal sealed class SimulationFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The power went in the middle of a disk operation: unwinds whatever the node was doing. Not an I/O error, so that nobody in the product catches it.</summary>
internal sealed class PowerCutException() : Exception("the power was cut in the middle of a disk operation");
