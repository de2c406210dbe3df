using Microsoft.Extensions.Logging;

namespace RaftDb.Server.Hosting.Embedded;

/// <summary>The application's log, for a node: its own words go there as they are, those of its web server only from warnings upwards, for it would write several lines
/// for every request.</summary>
internal sealed class HostLoggers(ILoggerFactory host) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName)
    {
        bool own = !categoryName.StartsWith("Microsoft.", StringComparison.Ordinal);
        ILogger log = host.CreateLogger(own && !categoryName.StartsWith("RaftDb.", StringComparison.Ordinal) ? $"RaftDb.Server.{categoryName}" : categoryName);
        return own ? log : new WarningsOnly(log);
    }

    public void AddProvider(ILoggerProvider provider) => host.AddProvider(provider);

    /// <summary>The application's factory is the application's to dispose of.</summary>
    public void Dispose()
    {
    }

    private sealed class WarningsOnly(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
