using RaftDb.Server.Api.Resp.Protocol;
using RaftDb.Server.Ranges;

namespace RaftDb.Server.Api.Resp.Commands;

/// <summary>RDB.ROUTES: what a client needs to ask the right node, as this node knows it; it asks nobody.</summary>
internal static class RouteCommand
{
    public static IEnumerable<RespCommand> All => [new LocalCommand("RDB.ROUTES", 1, Run) { Summary = "Nodes, ranges and their leaders, for clients that go to leaders by themselves." }];

    private static void Run(RespSession session, in Request request)
    {
        RouteTable table = session.Services.Node.Routes();
        RespWriter writer = session.Writer;
        writer.Array(5);
        writer.Bulk(table.Cluster);
        writer.Integer((long)table.Node.Value);
        writer.Integer(session.Services.Router.LogTime.Milliseconds);
        writer.Array(table.Nodes.Count);
        foreach (NodeRoute node in table.Nodes)
        {
            writer.Array(4);
            writer.Integer((long)node.Node.Value);
            Text(writer, node.Http);
            Text(writer, node.Resp);
            writer.Integer(node.IsConnected ? 1 : 0);
        }

        writer.Array(table.Ranges.Count);
        foreach (RangeRoute range in table.Ranges)
        {
            writer.Array(7);
            writer.Integer((long)range.Descriptor.Id.Value);
            writer.Bulk(range.Descriptor.Start.Span);
            if (range.Descriptor.End is { } end)
            {
                writer.Bulk(end.Span);
            }
            else
            {
                writer.Null();
            }

            writer.Integer((long)range.Descriptor.Generation);
            writer.Integer((long)(range.Leader?.Value ?? 0));
            writer.Integer((long)range.Term);
            writer.Array(range.Descriptor.Replicas.Count);
            foreach (Storage.ReplicaDescriptor replica in range.Descriptor.Replicas)
            {
                writer.Integer((long)replica.Node.Value);
            }
        }
    }

    private static void Text(RespWriter writer, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            writer.Null();
        }
        else
        {
            writer.Bulk(text);
        }
    }
}
