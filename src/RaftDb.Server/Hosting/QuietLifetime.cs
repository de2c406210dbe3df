using Microsoft.Extensions.Hosting;

namespace RaftDb.Server.Hosting;

/// <summary>Keeps the web server from acting on signals by itself: it must go on serving while the node hands over leadership.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;
}
