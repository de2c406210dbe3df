using System.Security.Cryptography;
using System.Text.Json;
using RaftDb.Storage;

namespace RaftDb.Server.Bootstrap;

/// <summary>identity.json in the data directory: who this node is, and how far its bootstrap is. Written whole or not at all.</summary>
internal static class NodeIdentityStore
{
    /// <summary>The file's name.</summary>
    public const string FileName = "identity.json";

    private const string TemporaryName = "identity.json.new";

    /// <summary>The identity of a bootstrapped node, or null when the directory's bootstrap never ended. Throws <see cref="StorageRefusedException"/> when the
    /// file can't be read as what it should be.</summary>
    public static NodeIdentity? Load(string dataDirectory) =>
        Read(dataDirectory) is { Phase: "committed" } document ? IdentityOf(document, dataDirectory) : null;

    /// <summary>How far the bootstrap of this directory is; a directory without the file gets one, with a new store id.</summary>
    internal static BootstrapState LoadOrBegin(string dataDirectory, NodeId node, ClusterAgreement agreement)
    {
        Directory.CreateDirectory(dataDirectory);
        var document = Read(dataDirectory);
        if (document is null)
        {
            RequireNoData(dataDirectory);
            var fresh = BootstrapState.Fresh(Guid.NewGuid());
            Save(dataDirectory, node, agreement, fresh);
            return fresh;
        }

        if (document.Node != node.Value)
        {
            throw new BootstrapRefusedException(
                $"The data directory {dataDirectory} belongs to node {document.Node}, but this process was started as node {node}: correct --id or --data.");
        }

        var phase = PhaseOf(document, dataDirectory);
        if (phase == BootstrapPhase.Fresh)
        {
            return BootstrapState.Fresh(document.Store);
        }

        if (phase == BootstrapPhase.Prepared && document.Agreement != Convert.ToHexStringLower(agreement.Hash.Span))
        {
            throw new BootstrapRefusedException(
                $"The bootstrap of this node was interrupted after it had promised to join cluster {document.Cluster} of "
                + $"{string.Join(',', document.Members.Select(m => $"{m.Node}={m.Address}"))}, but --cluster, --split-keys or the replication factor now say otherwise. Start it with the same ones; "
                + "or, when no node of that cluster has ever served, clear the data directories of all of them and start anew.");
        }

        return new(phase, document.Store, document.Cluster, [.. document.Members.Select(m => (new NodeId(m.Node), m.Store))]);
    }

    /// <summary>Makes a state durable.</summary>
    internal static void Save(string dataDirectory, NodeId node, ClusterAgreement agreement, BootstrapState state)
    {
        IdentityDocument document = new()
        {
            Format = IdentityDocument.CurrentFormat,
            Phase = state.Phase.ToString().ToLowerInvariant(),
            Cluster = state.Cluster,
            Node = node.Value,
            Store = state.Store,
            Members = [.. agreement.Members.Select(m => new MemberDocument(m.Node.Value, m.Address, state.StoreOf(m.Node) ?? Guid.Empty))],
            SplitKeys = [.. agreement.SplitKeys.Select(key => Convert.ToHexStringLower(key.Span))],
            ReplicationFactor = agreement.ReplicationFactor,
            Agreement = Convert.ToHexStringLower(agreement.Hash.Span),
        };
        var temporary = Path.Combine(dataDirectory, TemporaryName);
        using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, document, IdentityJson.Default.IdentityDocument);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, Path.Combine(dataDirectory, FileName), overwrite: true);
        DirectorySync.Sync(dataDirectory);
    }

    private static IdentityDocument? Read(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var document = JsonSerializer.Deserialize(File.ReadAllBytes(path), IdentityJson.Default.IdentityDocument)
                ?? throw new JsonException("it is empty");
            if (document.Format != IdentityDocument.CurrentFormat)
            {
                throw new StorageRefusedException(
                    $"{path} has format {document.Format}; this program knows format {IdentityDocument.CurrentFormat}. Use the version of RaftDb that wrote it, or a later one.");
            }

            return document;
        }
        catch (JsonException fault)
        {
            throw new StorageRefusedException(
                $"{path} is damaged ({fault.Message}). It names this node in its cluster and can't be made anew: restore it from a copy, or clear the directory and add the "
                + "machine under a new id.", fault);
        }
    }

    private static NodeIdentity IdentityOf(IdentityDocument document, string dataDirectory)
    {
        var hash = document.Agreement.Length == 2 * SHA256.HashSizeInBytes ? FromHex(document.Agreement) : [];
        var splitKeys = document.SplitKeys.Select(FromHex).ToList();
        if (hash.Length != SHA256.HashSizeInBytes
            || document.Members.FirstOrDefault(m => m.Node == document.Node)?.Store != document.Store
            || document.Members.Any(m => m.Store == Guid.Empty)
            || splitKeys.Any(key => key.Length == 0)
            || document.Cluster == Guid.Empty)
        {
            throw new StorageRefusedException(
                $"{Path.Combine(dataDirectory, FileName)} contradicts itself. It is written by the program alone: restore it from a copy.");
        }

        return new()
        {
            Cluster = document.Cluster,
            Node = new(document.Node),
            Store = document.Store,
            Members = [.. document.Members.OrderBy(m => m.Node).Select(m => new ClusterMember(new(m.Node), m.Address, m.Store))],
            SplitKeys = [.. splitKeys.Select(key => (ReadOnlyMemory<byte>)key)],
            ReplicationFactor = document.ReplicationFactor,
            AgreementHash = hash,
        };
    }

    /// <summary>The bytes, or none when the text is not hex.</summary>
    private static byte[] FromHex(string text) =>
        text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : [];

    private static BootstrapPhase PhaseOf(IdentityDocument document, string dataDirectory) => document.Phase switch
    {
        "fresh" => BootstrapPhase.Fresh,
        "prepared" => BootstrapPhase.Prepared,
        "committed" => BootstrapPhase.Committed,
        _ => throw new StorageRefusedException($"{Path.Combine(dataDirectory, FileName)} names an unknown phase '{document.Phase}'."),
    };

    /// <summary>A directory with data and without a name must not be taken for an empty one: the data would be served under another cluster's name.</summary>
    private static void RequireNoData(string dataDirectory)
    {
        foreach (var name in new[] { "binlog", "ranges" })
        {
            var path = Path.Combine(dataDirectory, name);
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            {
                throw new StorageRefusedException(
                    $"{dataDirectory} has no {FileName}, yet {name}/ holds data: restore {FileName} from a copy, or use an empty directory.");
            }
        }
    }
}
