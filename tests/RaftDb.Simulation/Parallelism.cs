using NUnit.Framework;

// A run has a thread to itself and shares nothing with others; tests that plant a bug, which all would share, run alone.
[assembly: LevelOfParallelism(2)]
