namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>What a change of membership says beside the members: on which nodes the new replicas live. It goes along as the change's context, so that configuration and descriptor
/// change with one entry, in one transaction. A format byte, a count, and replica and node of each.</summary>
public static class AddedReplicas
{
    private const byte Format = 1;

    /// <summary>The bytes; none for no replicas.</summary>
    public static byte[] Encode(IReadOnlyList<ReplicaDescriptor> added)
    {
        if (added.Count == 0)
        {
            return [];
        }

        byte[] buffer = new byte[11 + (added.Count * 20)];
        var writer = new SpanWriter(buffer);
        writer.Byte(Format);
        writer.Number((ulong)added.Count);
        foreach (ReplicaDescriptor replica in added)
        {
            writer.Number(replica.Replica.Value);
            writer.Number(replica.Node.Value);
        }

        return buffer[..writer.Position];
    }

    /// <summary>What the bytes say. Throws <see cref="UnknownCommandException"/>.</summary>
    public static IReadOnlyList<ReplicaDescriptor> Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return [];
        }

        var reader = new SpanReader(bytes);
        byte format = reader.Byte();
        if (format != Format)
        {
            throw new UnknownCommandException($"Added replicas of format {format} are not known here (only {Format}): this node needs a newer version.");
        }

        var added = new ReplicaDescriptor[reader.Count()];
        for (int i = 0; i < added.Length; i++)
        {
            added[i] = new(new(reader.Number()), new(reader.Number()));
        }

        reader.End();
        return added;
    }
}
