using RaftDb.Cli;

return await CommandLine.RunAsync(args);
