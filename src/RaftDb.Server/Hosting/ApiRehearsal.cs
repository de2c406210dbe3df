using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Api;

namespace RaftDb.Server.Hosting;

/// <summary>A request over HTTP played through in memory beside the rest of a node's start: what serving needs is loaded and compiled then, and neither the end of the start nor the first request
/// waits for it (together a tenth of a second and more). Once in a process.</summary>
internal static class ApiRehearsal
{
    private const string Path = "/v1/status";

    private static readonly Lazy<Task> Once = new(() => Task.Run(PlayAsync));

    /// <summary>Begins it, if nobody has yet. Ends when it is over.</summary>
    public static Task RunAsync() => Once.Value;

    private static async Task PlayAsync()
    {
        RequestOverMemory connection = new();
        WebApplicationBuilder builder = WebServer.CreateBuilder(new ApiOptions(), NullLoggerFactory.Instance);
        builder.Services.AddSingleton<IConnectionListenerFactory>(connection);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using WebApplication app = builder.Build();

        // Two methods of one path, so that routing chooses as it does among the node's.
        app.UseRouting();
        app.MapMethods(Path, [HttpMethods.Get], AnswerAsync);
        app.MapMethods(Path, [HttpMethods.Post], AnswerAsync);
        await app.StartAsync();
        string answer = await connection.AskAsync($"GET {Path} HTTP/1.1\r\nHost: rehearsal\r\nConnection: close\r\n\r\n");
        Check.That(answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), $"a rehearsed request was answered with: {answer}");
        await app.StopAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        ReplicaStatus replica = new(1, 1, "follower", null, null, 1, null, null);
        ClusterStatus status = new(
            "", 1, "", [new(1, "", "", "", null, true, null, 1, 0, "")], [new(1, "kv", null, null, 1, 1, 1, 1, [replica], 0, 0, 1)], []);
        await JsonAnswer.SendAsync(context, status, Documents.Json.ClusterStatus).ConfigureAwait(false);
    }
}
