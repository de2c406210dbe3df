using System.CommandLine;

namespace RaftDb.Cli.Commands;

/// <summary>raftdb start: runs one node until it is told to stop.</summary>
internal static class StartCommand
{
    public static Command Build()
    {
        Command command = new("start", "Run a node.");
        Option<ulong> id = new("--id") { Description = "The node's id, 1 or more, never used twice.", Required = true };
        Option<string> data = new("--data") { Description = "Its data directory.", Required = true };
        Option<string> http = new("--http") { Description = "Where it serves HTTP, HOST:PORT.", Required = true };
        Option<string> resp = new("--resp") { Description = "Where it serves RESP, HOST:PORT.", Required = true };
        Option<string> peer = new("--peer") { Description = "Where it serves other nodes, HOST:PORT.", Required = true };
        Option<string?> cluster = new("--cluster") { Description = "The first nodes' peer addresses, 1=HOST:PORT,2=HOST:PORT,3=HOST:PORT." };
        Option<string?> join = new("--join") { Description = "Join a cluster: HTTP address of any member." };
        Option<string?> splitKeys = new("--split-keys") { Description = "Where ranges begin at the first start, like g,n,t." };
        Option<string?> zone = new("--zone") { Description = "Where the machine is." };
        Option<string?> config = new("--config") { Description = "A JSON file of settings." };
        Option<string[]> set = new("--set") { Description = "One setting, Section:Key=Value; may be given many times." };
        Option<string?> advertiseHttp = new("--advertise-http") { Description = "The HTTP address told to others." };
        Option<string?> advertiseResp = new("--advertise-resp") { Description = "The RESP address told to others." };
        Option<string?> advertisePeer = new("--advertise-peer") { Description = "The peer address told to others." };
        Option<bool> insecure = new("--insecure") { Description = "Listen beyond loopback without TLS." };
        foreach (Option option in (Option[])[id, data, http, resp, peer, cluster, join, splitKeys, zone, config, set, advertiseHttp, advertiseResp, advertisePeer, insecure])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancel) =>
        {
            StartArguments arguments = new()
            {
                Id = parsed.GetValue(id),
                Data = parsed.GetValue(data)!,
                Http = parsed.GetValue(http)!,
                Resp = parsed.GetValue(resp)!,
                Peer = parsed.GetValue(peer)!,
                Cluster = StartArguments.ParseCluster(parsed.GetValue(cluster)),
                Join = parsed.GetValue(join),
                SplitKeys = StartArguments.ParseSplitKeys(parsed.GetValue(splitKeys)),
                Zone = parsed.GetValue(zone),
                ConfigFile = parsed.GetValue(config),
                Settings = StartArguments.ParseSettings(parsed.GetValue(set) ?? []),
                AdvertiseHttp = parsed.GetValue(advertiseHttp),
                AdvertiseResp = parsed.GetValue(advertiseResp),
                AdvertisePeer = parsed.GetValue(advertisePeer),
                Insecure = parsed.GetValue(insecure),
            };
            arguments.Validate();
            return NodeRunner.StartAsync(arguments, cancel);
        });
        return command;
    }
}
