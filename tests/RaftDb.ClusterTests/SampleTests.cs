using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using RaftDb.Cli.Drills;

namespace RaftDb.ClusterTests;

/// <summary>The samples start, answer and stop; and the README's program does what it says.</summary>
[NonParallelizable]
internal sealed class SampleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("raftdb-samples-").FullName;

    [OneTimeTearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task The_console_sample_and_the_program_of_the_readme_run_against_a_cluster()
    {
        using NodeCluster cluster = new(Path.Combine(_directory, "cluster"));
        await cluster.StartAllAsync();
        string servers = $"{cluster.Server(1)},{cluster.Server(2)}";

        using SampleProgram sample = SampleProgram.Start("FirstSteps", _directory, servers);
        Assert.That(await sample.ExitAsync(), Is.Zero, sample.Output);
        Assert.That(sample.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.SupersetOf(new[]
        {
            "read Ada, version 1", "refused: the version is 2, not 1", "transferred: yes", "first-steps/account/a = 70 (version 2)",
            "first-steps/account/b = 30 (version 2)", "first-steps/user/42 = Grace (version 2)", "deleted: yes",
        }));

        ReadmeProgram readme = ReadmeProgram.Read();
        using SampleProgram program = SampleProgram.StartFile(await readme.BuildAsync(Path.Combine(_directory, "readme"), servers), _directory);
        Assert.That(await program.ExitAsync(), Is.Zero, program.Output);
        Assert.That(program.Output.Trim(), Is.EqualTo(readme.Says));
    }

    [Test]
    public async Task The_job_queue_gives_each_job_to_one_worker_and_keeps_them_over_a_restart()
    {
        int[] ports = LoopbackPorts.Free(4);
        string[] arguments =
        [
            "--Urls", $"http://127.0.0.1:{ports[0]}", "--RaftDb:Node:DataDirectory", Path.Combine(_directory, "queue"), "--RaftDb:Node:Http", $"127.0.0.1:{ports[1]}",
            "--RaftDb:Node:Resp", $"127.0.0.1:{ports[2]}", "--RaftDb:Node:Peer", $"127.0.0.1:{ports[3]}",
        ];
        string settings = Path.Combine(Directory.CreateDirectory(Path.Combine(_directory, "app")).FullName, "appsettings.json");
        File.Copy(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../..", "samples", "JobQueue", "appsettings.json")), settings);
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}"), Timeout = TimeSpan.FromSeconds(30) };
        const int jobs = 12;
        string unfinished;
        using (SampleProgram app = SampleProgram.Start("JobQueue", Path.GetDirectoryName(settings)!, arguments))
        {
            await HealthyAsync(app, http);
            for (int i = 0; i < jobs; i++)
            {
                using HttpResponseMessage added = await http.PostAsJsonAsync("/jobs", new { work = $"work {i}" });
                Assert.That(added.StatusCode, Is.EqualTo(HttpStatusCode.Created), app.Output);
            }

            // More workers at the same time than there are jobs: each job goes to one of them.
            JsonElement[] claims = [.. (await Task.WhenAll(Enumerable.Range(0, jobs + 4).Select(worker => ClaimAsync(http, worker)))).OfType<JsonElement>()];
            string[] claimed = [.. claims.Select(IdOf)];
            Assert.That(claimed, Is.Unique);
            while (claimed.Length < jobs && await ClaimAsync(http, 99) is { } more)
            {
                // Those who lost against others may have passed a job by.
                claims = [.. claims, more];
                claimed = [.. claimed, IdOf(more)];
            }

            Assert.That(claimed, Has.Length.EqualTo(jobs).And.Unique);
            unfinished = claimed[1];
            Assert.That(await DoneAsync(http, claims[0], 0), Is.EqualTo(HttpStatusCode.NoContent));
            Assert.That(await DoneAsync(http, claims[0], 0), Is.EqualTo(HttpStatusCode.Conflict), "it is done already");
            Assert.That(await DoneAsync(http, claims[1], 1), Is.EqualTo(HttpStatusCode.Conflict), "another claim");
            await app.TerminateAsync();
            Assert.That(await app.ExitAsync(), Is.Zero, app.Output);
        }

        using SampleProgram again = SampleProgram.Start("JobQueue", Path.GetDirectoryName(settings)!, arguments);
        await HealthyAsync(again, http);
        JsonElement job = await http.GetFromJsonAsync<JsonElement>($"/jobs/{unfinished}");
        Assert.That(job.GetProperty("state").GetString(), Is.EqualTo("claimed"));
        Assert.That(await ClaimAsync(http, 1), Is.Null, "each has been claimed, for ten minutes");
        await again.TerminateAsync();
        Assert.That(await again.ExitAsync(), Is.Zero, again.Output);
    }

    private static async Task<JsonElement?> ClaimAsync(HttpClient http, int worker)
    {
        using HttpResponseMessage answer = await http.PostAsync($"/jobs/claim?worker=w{worker}&seconds=600", null);
        answer.EnsureSuccessStatusCode();
        return answer.StatusCode == HttpStatusCode.NoContent ? null : await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static string IdOf(JsonElement claim) => claim.GetProperty("job").GetProperty("id").GetString()!;

    private static async Task<HttpStatusCode> DoneAsync(HttpClient http, JsonElement claim, ulong off)
    {
        ulong version = claim.GetProperty("claim").GetUInt64() + off;
        using HttpResponseMessage answer = await http.PostAsync($"/jobs/{IdOf(claim)}/done?claim={version}", null);
        return answer.StatusCode;
    }

    private static async Task HealthyAsync(SampleProgram app, HttpClient http)
    {
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            Assert.That(app.HasExited, Is.False, app.Output);
            try
            {
                using HttpResponseMessage health = await http.GetAsync("/health", patience.Token);
                if (health.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(50, patience.Token);
        }
    }
}
