using BenchmarkDotNet.Running;
using RaftDb.Benchmarks;
using RaftDb.Benchmarks.Comparison;

if (args is ["compare", .. string[] rest])
{
    return await ComparisonCommand.RunAsync(rest);
}

BenchmarkSwitcher.FromAssembly(typeof(CommandCodecBenchmarks).Assembly).Run(args);
return 0;
