using System.Globalization;
using Microsoft.Extensions.Logging;
using RaftDb.Raft;
using RaftDb.Server.Bootstrap;
using RaftDb.Server.Hosting;
using RaftDb.Server.Options;
using RaftDb.Storage;

namespace RaftDb.Cli.Commands;

/// <summary>Runs nodes inside this process: one for `raftdb start`, a whole cluster for `raftdb dev`.</summary>
internal static class NodeRunner
{
    public static async Task<int> StartAsync(StartArguments arguments, CancellationToken cancel)
    {
        if (arguments.Join is not null)
        {
            throw new RefusedException("--join: joining a running cluster is not supported by this version; start all nodes with the same --cluster.");
        }

        // On the other processor, while this one reads options and data; the node waits for it, and meets its failure.
        _ = ApiRehearsal.RunAsync();
        NodeOptions options = Load(arguments);
        using ILoggerFactory loggers = NodeLog.Create(options.Log);
        return await RunAsync(
            [options],
            loggers,
            nodes =>
            {
                Console.Out.WriteLine($"node {options.Node.Id} is ready: {nodes[0].HttpAddress}");
                return Task.CompletedTask;
            },
            cancel);
    }

    public static async Task<int> DevAsync(DevArguments arguments, CancellationToken cancel)
    {
        string data = arguments.Data ?? Directory.CreateTempSubdirectory("raftdb-dev-").FullName;
        if (arguments.Data is null)
        {
            Console.Out.WriteLine($"No --data: using the temporary directory {data}, removed at the end.");
        }

        List<NodeOptions> options = [];
        for (ulong id = 1; id <= (ulong)arguments.Nodes; id++)
        {
            StartArguments node = arguments.Node(id, data);
            options.Add(Load(node with { Settings = [.. node.Settings, new("Log:Level", "Warning")] }));
        }

        using ILoggerFactory loggers = NodeLog.Create(options[0].Log);
        foreach (NodeOptions node in options)
        {
            Console.Out.WriteLine($"node {node.Node.Id}: HTTP {node.Node.Http}, RESP {node.Node.Resp}, peers {node.Node.Peer}");
        }

        try
        {
            return await RunAsync(
                options,
                loggers,
                _ =>
                {
                    Console.Out.WriteLine($"The cluster is ready. Try: curl http://{options[0].Node.Http}/v1/status — Ctrl-C stops it.");
                    return Task.CompletedTask;
                },
                cancel);
        }
        finally
        {
            if (arguments.Data is null)
            {
                Directory.Delete(data, recursive: true);
            }
        }
    }

    /// <summary>A failure to start or to go on, in one line for people; null when it is a bug, to be seen whole.</summary>
    public static string? Explain(Exception e) => e switch
    {
        OptionsException or StorageRefusedException or StorageFailedException or BootstrapRefusedException or IOException or UnauthorizedAccessException => e.Message,
        InvariantBrokenException => $"{e.Message} The node stopped rather than go on with a state that can't be right. Keep its data directory and report this.",
        _ => null,
    };

    private static async Task<int> RunAsync(
        IReadOnlyList<NodeOptions> options, ILoggerFactory loggers, Func<IReadOnlyList<RaftDbNode>, Task> ready, CancellationToken cancel)
    {
        Exception? failure = await Server.Hosting.NodeRunner.RunAsync(options, loggers, ready, cancel);
        return failure is null ? 0 : throw new RefusedException(Explain(failure) ?? failure.ToString());
    }

    private static NodeOptions Load(StartArguments arguments)
    {
        List<KeyValuePair<string, string>> settings = [];
        Add("Id", arguments.Id.ToString(CultureInfo.InvariantCulture));
        Add("Data", arguments.Data);
        Add("Http", arguments.Http);
        Add("Resp", arguments.Resp);
        Add("Peer", arguments.Peer);
        Add("Cluster", arguments.Cluster.Count == 0 ? null : string.Join(',', arguments.Cluster.Select(n => $"{n.Key}={n.Value}")));
        Add("SplitKeys", arguments.SplitKeys.Count == 0 ? null : string.Join(',', arguments.SplitKeys));
        Add("Zone", arguments.Zone);
        Add("AdvertiseHttp", arguments.AdvertiseHttp);
        Add("AdvertiseResp", arguments.AdvertiseResp);
        Add("AdvertisePeer", arguments.AdvertisePeer);
        Add("Insecure", arguments.Insecure ? "true" : null);
        settings.AddRange(arguments.Settings);
        try
        {
            return NodeOptionsLoader.Load(arguments.ConfigFile, settings);
        }
        catch (OptionsException e)
        {
            throw new UsageException(e.Message);
        }

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                settings.Add(new($"Node:{name}", value));
            }
        }
    }
}
