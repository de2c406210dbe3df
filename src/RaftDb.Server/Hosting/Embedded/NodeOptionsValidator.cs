using Microsoft.Extensions.Options;
using RaftDb.Server.Options;

namespace RaftDb.Server.Hosting.Embedded;

/// <summary>Says what is wrong with a node's options before the application starts anything.</summary>
internal sealed class NodeOptionsValidator : IValidateOptions<RaftDbNodeOptions>
{
    public ValidateOptionsResult Validate(string? name, RaftDbNodeOptions options)
    {
        try
        {
            options.ToNodeOptions();
            return ValidateOptionsResult.Success;
        }
        catch (OptionsException senseless)
        {
            return ValidateOptionsResult.Fail(senseless.Message);
        }
    }
}
