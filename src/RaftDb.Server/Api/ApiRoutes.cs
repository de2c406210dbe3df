using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftDb.Client.Protocol;

namespace RaftDb.Server.Api;

/// <summary>The list of everything over HTTP, with its description.</summary>
internal static class ApiRoutes
{
    private const string Text = "text/plain";

    public static void Map(IEndpointRouteBuilder app, ApiEdge edge, KeyRoutes keys, ApiServices services)
    {
        MapData(app, edge, keys, services);
        MapCluster(app, edge, new(services), new(services.Ids, services.Options));
        MapUnsupported(app, edge);
    }

    private static void MapData(IEndpointRouteBuilder app, ApiEdge edge, KeyRoutes keys, ApiServices services)
    {
        ScanEndpoint scan = new(services.Router, services.Options);
        TransactionEndpoint transaction = new(services.Router, services.Options);
        BatchEndpoint batch = new(services.Router, services.Options);
        if (services.Watches is { } watches)
        {
            MapWatch(app, edge, new(services.Router, watches, services.Options));
        }

        MapSessions(app, edge, new(services.Router, services.Options));
        MapManyKeys(app, edge, new(services.Router, services.Options), new(services.Router, services.Options));

        // Requests for keys never come this far: these are here to be described.
        string key = RequestTarget.KeyPrefix + "{key}";
        app.MapMethods(key, [HttpMethods.Get], keys.HandleAsync).Describe(
            new("getKey", "Read a key", "The body is the value. The key is the raw target after /v1/kv/, percent-decoded once into bytes.", Parameters.Read)
            {
                Returns = typeof(byte[]),
                ReturnsContent = "application/octet-stream",
            });
        app.MapMethods(key, [HttpMethods.Put], keys.HandleAsync).Describe(
            new("putKey", "Write a key", "The body is the value.", Parameters.Ack | Parameters.Ttl)
            {
                Takes = typeof(byte[]),
                TakesContent = "application/octet-stream",
                Returns = typeof(WriteDocument),
                Conditional = true,
            });
        app.MapMethods(key, [HttpMethods.Delete], keys.HandleAsync).Describe(
            new("deleteKey", "Remove a key", "Absent keys are no error: the answer says deleted: false.", Parameters.Ack)
            {
                Returns = typeof(WriteDocument),
                Conditional = true,
            });
        app.MapMethods("/v1/kv", [HttpMethods.Get], context => edge.RunAsync(context, "scan", scan.HandleAsync)).Describe(
            new("scan", "Read keys in order, a page at a time", "next, where not null, is the key to go on with: start, or end with reverse.", Parameters.Scan)
            {
                Returns = typeof(ScanDocument),
            });
        app.MapMethods("/v1/txn", [HttpMethods.Post], context => edge.RunAsync(context, "txn", transaction.HandleAsync)).Describe(
            new("transaction", "Compare, then or else, atomically within a range", "Each operation has exactly one of put, delete, delete_range, increment, get.", Parameters.Ack)
            {
                Takes = typeof(TransactionRequest),
                Returns = typeof(TransactionDocument),
            });
        app.MapMethods("/v1/batch", [HttpMethods.Post], context => edge.RunAsync(context, "batch", batch.HandleAsync)).Describe(
            new("batch", "Many writes, one log entry per range", "Atomic within each range, not across ranges. If a range fails the answer is its error, with results for every operation.", Parameters.Ack)
            {
                Takes = typeof(BatchRequest),
                Returns = typeof(BatchDocument),
            });
    }

    private static void MapManyKeys(IEndpointRouteBuilder app, ApiEdge edge, MultiGetEndpoint read, DeleteRangeEndpoint delete)
    {
        app.MapMethods("/v1/get", [HttpMethods.Post], context => edge.RunAsync(context, "multi_get", read.HandleAsync)).Describe(
            new("getKeys", "Read many keys", "Of any ranges; one view within each. next, where not null, says how many keys are answered: ask for the others.", Parameters.Read)
            {
                Takes = typeof(MultiGetRequest),
                Returns = typeof(MultiGetDocument),
            });
        app.MapMethods("/v1/kv", [HttpMethods.Delete], context => edge.RunAsync(context, "delete_range", delete.HandleAsync)).Describe(
            new("deleteRange", "Remove keys between bounds", "At most limit of them, in key order; more says to ask again.", Parameters.Start | Parameters.End | Parameters.Prefix | Parameters.Limit)
            {
                Returns = typeof(DeleteRangeDocument),
                InSession = true,
            });
    }

    private static void MapSessions(IEndpointRouteBuilder app, ApiEdge edge, SessionEndpoint sessions) =>
        app.MapMethods("/v1/sessions", [HttpMethods.Post], context => edge.RunAsync(context, "session", sessions.HandleAsync)).Describe(
            new("openSession", "Get a session for exactly-once writes", "Writes with RaftDb-Session and RaftDb-Sequence are executed once, however often they are sent. The body may be left out, or give an id of your own.")
            {
                Takes = typeof(SessionRequest),
                Returns = typeof(SessionDocument),
            });

    private static void MapWatch(IEndpointRouteBuilder app, ApiEdge edge, WatchEndpoint watch) =>
        app.MapMethods("/v1/watch", [HttpMethods.Get], context => edge.RunAsync(context, "watch", watch.HandleAsync)).Describe(
            new("watch", "Follow changes", "Server-sent events: each change once, in the order of each range's log. The id of an event, given as from, resumes behind it at any node.", Parameters.Watch)
            {
                Returns = typeof(WatchEvent),
                ReturnsContent = WatchEndpoint.EventStream,
            });

    private static void MapCluster(IEndpointRouteBuilder app, ApiEdge edge, ClusterEndpoints cluster, IdEndpoint ids)
    {
        app.MapMethods("/v1/status", [HttpMethods.Get], context => edge.RunAsync(context, "status", cluster.StatusAsync)).Describe(
            new("status", "The cluster as this node sees it", "Nodes, ranges and problems.") { Returns = typeof(ClusterStatus) });
        app.MapMethods("/v1/nodes", [HttpMethods.Get], context => edge.RunAsync(context, "nodes", cluster.NodesAsync)).Describe(
            new("nodes", "The nodes", "Where they are and whether they are alive.") { Returns = typeof(NodeList) });
        app.MapMethods("/v1/ranges", [HttpMethods.Get], context => edge.RunAsync(context, "ranges", cluster.RangesAsync)).Describe(
            new("ranges", "The ranges", "Their bounds, leaders and replicas.") { Returns = typeof(RangeList) });
        app.MapMethods("/v1/ranges/{id}/transfer", [HttpMethods.Post], context => edge.RunAsync(context, "transfer", cluster.TransferAsync)).Describe(
            new("transferLeadership", "Move a range's leadership to a node", "Answers when the node leads.")
            {
                Takes = typeof(TransferRequest),
                Returns = typeof(TransferDocument),
            });
        app.MapMethods("/v1/ranges/{id}/move", [HttpMethods.Post], context => edge.RunAsync(context, "move", cluster.MoveAsync)).Describe(
            new("moveReplica", "Move a replica to another node", "A new replica is filled and takes the place of the old one. Goes on when the time is over: 504 then.")
            {
                Takes = typeof(MoveRequest),
                Returns = typeof(MoveDocument),
            });
        app.MapMethods("/v1/ranges/{id}/digest", [HttpMethods.Get], context => edge.RunAsync(context, "digest", cluster.DigestAsync)).Describe(
            new("digest", "A digest of this node's replica of a range", "Equal on all replicas at the same applied index.") { Returns = typeof(DigestDocument) });
        app.MapMethods("/v1/check", [HttpMethods.Post], context => edge.RunAsync(context, "check", cluster.CheckAsync)).Describe(
            new("check", "Compare the replicas of all ranges, or of one", "At the same applied index, bucket by bucket. Replicas that a majority shows to be wrong are quarantined and rebuilt. Takes as long as reading all of it does.")
            {
                Takes = typeof(CheckRequest),
                Returns = typeof(CheckDocument),
            });
        app.MapMethods("/v1/ranges/{id}/backup", [HttpMethods.Get], context => edge.RunAsync(context, "backup", cluster.BackupAsync)).Describe(
            new("backup", "A consistent copy of this node's replica of a range", "A line of JSON, then the data: one part of what `raftdb backup` writes.")
            {
                Returns = typeof(byte[]),
                ReturnsContent = "application/octet-stream",
            });
        app.MapMethods("/v1/id", [HttpMethods.Get], context => edge.RunAsync(context, "id", ids.HandleAsync)).Describe(
            new("ids", "Unique ids", "63-bit numbers as text: milliseconds since 2026-01-01, this node's number, a sequence. Each is greater than those before it from this node.", Parameters.Count)
            {
                Returns = typeof(IdDocument),
            });
        app.MapMethods("/livez", [HttpMethods.Get], context => edge.RunAsync(context, "health", cluster.LiveAsync)).Describe(
            new("live", "Whether the process answers", "Always 200.") { Returns = typeof(string), ReturnsContent = Text });
        app.MapMethods("/readyz", [HttpMethods.Get], context => edge.RunAsync(context, "health", cluster.ReadyAsync)).Describe(
            new("ready", "Whether the node can serve", "200, or 503 and why not.") { Returns = typeof(string), ReturnsContent = Text });
        app.MapMethods("/metrics", [HttpMethods.Get], context => edge.RunAsync(context, "metrics", cluster.MetricsAsync)).Describe(
            new("metrics", "The node's metrics", "Prometheus text, version 0.0.4.") { Returns = typeof(string), ReturnsContent = Text });
    }

    private static void MapUnsupported(IEndpointRouteBuilder app, ApiEdge edge)
    {
        Unsupported(HttpMethods.Post, "/v1/ranges/{id}/split", "splitRange", "Split a range", "Ranges are cut when the cluster is bootstrapped, with --split-keys.");
        Unsupported(HttpMethods.Post, "/v1/ranges/{id}/merge", "mergeRange", "Merge a range with its right neighbour", "Ranges are cut when the cluster is bootstrapped, with --split-keys.");
        Unsupported(HttpMethods.Post, "/v1/nodes/{id}/drain", "drainNode", "Drain a node", "Move leadership away with /v1/ranges/{id}/transfer, then stop the node.");
        Unsupported(HttpMethods.Delete, "/v1/nodes/{id}", "removeNode", "Remove a node", "The nodes are those of --cluster.");

        void Unsupported(string method, string path, string name, string summary, string instead)
        {
            string detail = $"{summary}: this is not supported by this version. {instead}";
            app.MapMethods(path, [method], context => edge.RunAsync(context, "other", refused => Problems.SendAsync(refused, Refusal.Invalid(detail))))
                .Describe(new(name, summary, $"Not supported by this version: answers 400. {instead}"));
        }
    }
}
