using RaftDb.Cli;

SocketThreads.CompleteInline();
return await CommandLine.RunAsync(args);
