using Microsoft.Extensions.Options;

namespace RaftDb.Client.DependencyInjection;

/// <summary>Says at the start of the application, rather than at its first request, what is wrong with the options of a client.</summary>
internal sealed class ConnectionOptionsValidator : IValidateOptions<RaftDbConnectionOptions>
{
    public ValidateOptionsResult Validate(string? name, RaftDbConnectionOptions options)
    {
        string client = string.IsNullOrEmpty(name) ? "RaftDb" : $"RaftDb client '{name}'";
        if (string.IsNullOrWhiteSpace(options.Servers))
        {
            return ValidateOptionsResult.Fail($"{client}: option Servers is missing; it names one or more nodes, like 127.0.0.1:8101,127.0.0.1:8102.");
        }

        if (!Endpoint.TryParseList(options.Servers, out _, out string? wrong))
        {
            return ValidateOptionsResult.Fail($"{client}: option Servers: '{wrong}' is not an address like 127.0.0.1:8101.");
        }

        try
        {
            options.Client.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException senseless)
        {
            return ValidateOptionsResult.Fail($"{client}: option Client: {senseless.Message}");
        }
    }
}
