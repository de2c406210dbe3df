using RaftDb.Samples.JobQueue;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// A node of the database inside this application: see RaftDb:Node in appsettings.json. It brings the RaftDbClient that Jobs uses.
builder.AddRaftDbNode();
builder.Services.AddHealthChecks().AddRaftDb();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<Jobs>();

WebApplication app = builder.Build();
app.MapHealthChecks("/health");

app.MapPost("/jobs", async (NewJob job, Jobs jobs, CancellationToken cancel) =>
{
    Job added = await jobs.AddAsync(job.Work, cancel);
    return Results.Created($"/jobs/{added.Id}", added);
});

// 200 with a job that nobody else has, or 204 when there is none.
app.MapPost("/jobs/claim", async (string worker, int? seconds, Jobs jobs, CancellationToken cancel) =>
    await jobs.ClaimAsync(worker, TimeSpan.FromSeconds(seconds ?? 30), cancel) is { } claimed ? Results.Ok(claimed) : Results.NoContent());

// 409 when the claim was over and another worker may have the job.
app.MapPost("/jobs/{id}/done", async (string id, ulong claim, Jobs jobs, CancellationToken cancel) =>
    await jobs.FinishAsync(id, claim, cancel) ? Results.NoContent() : Results.Conflict());

app.MapGet("/jobs/{id}", async (string id, Jobs jobs, CancellationToken cancel) =>
    await jobs.FindAsync(id, cancel) is { } job ? Results.Ok(job) : Results.NotFound());

await app.RunAsync();
