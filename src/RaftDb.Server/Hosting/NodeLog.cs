using Microsoft.Extensions.Logging;
using RaftDb.Server.Options;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace RaftDb.Server.Hosting;

/// <summary>Diagnostics of a process, on standard error so that standard output stays for answers: readable for people, or one JSON object a line.</summary>
internal static class NodeLog
{
    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:u3} [{SourceContext}] {Message:lj}{NewLine}{Exception}";

    public static ILoggerFactory Create(LogSection options)
    {
        LoggerConfiguration configuration = new LoggerConfiguration().MinimumLevel.Is(Enum.Parse<LogEventLevel>(options.Level, true))
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning); // The web server would write several lines for every request.
        configuration = options.Format == "json"
            ? configuration.WriteTo.Console(new JsonFormatter(renderMessage: true), standardErrorFromLevel: LogEventLevel.Verbose)
            : configuration.WriteTo.Console(
                outputTemplate: Template, standardErrorFromLevel: LogEventLevel.Verbose, formatProvider: System.Globalization.CultureInfo.InvariantCulture);
        return new SerilogLoggerFactory(configuration.CreateLogger(), dispose: true);
    }
}
