namespace RaftDb.Samples.JobQueue;

/// <summary>What a client posts.</summary>
/// <param name="Work">What is to be done.</param>
public sealed record NewJob(string Work);

/// <summary>A job.</summary>
/// <param name="Id">Ids of later jobs are greater.</param>
/// <param name="Work">What is to be done.</param>
/// <param name="State">queued, claimed or done.</param>
/// <param name="Worker">Who claimed it last.</param>
public sealed record Job(string Id, string Work, string State, string? Worker);

/// <summary>A job that a worker has for a time.</summary>
/// <param name="Job">The job.</param>
/// <param name="Claim">Says which claim it is, when the worker is done.</param>
/// <param name="Until">When another worker may claim it.</param>
public sealed record ClaimedJob(Job Job, ulong Claim, DateTimeOffset Until);
