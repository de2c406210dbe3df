using BenchmarkDotNet.Running;
using RaftDb.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(CommandCodecBenchmarks).Assembly).Run(args);
