namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Results as bytes, for the node that forwarded the command to the leader.</summary>
public static class CommandResultCodec
{
    /// <summary>The format's version.</summary>
    public const byte Format = 1;

    private const byte SucceededFlag = 1;
    private const byte FailedConditionFlag = 2;
    private const byte DetailFlag = 4;

    /// <summary>The result in an array of its exact size.</summary>
    public static byte[] Encode(CommandResult result)
    {
        byte[] detail = result.Detail is null ? [] : System.Text.Encoding.UTF8.GetBytes(result.Detail);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Measure(result, detail.Length));
        var writer = new SpanWriter(bytes);
        writer.Byte(Format);
        writer.Byte((byte)result.Status);
        writer.Byte((byte)(
            (result.Succeeded ? SucceededFlag : 0) | (result.FailedCondition is null ? 0 : FailedConditionFlag) | (result.Detail is null ? 0 : DetailFlag)));
        writer.Number(result.Index);
        writer.Number((ulong)result.Results.Count);
        for (int i = 0; i < result.Results.Count; i++)
        {
            OperationResult operation = result.Results[i];
            writer.Byte((byte)operation.Kind);
            writer.Number(operation.Version);
            writer.Number(operation.Index);
            writer.Bytes(operation.Value.Span);
            writer.Number((ulong)operation.Count);
            writer.Byte(operation.More ? (byte)1 : (byte)0);
        }

        if (result.FailedCondition is { } failed)
        {
            writer.Number((ulong)failed.Ordinal);
            writer.Number(failed.Version);
            writer.Number(failed.Index);
        }

        if (result.Detail is not null)
        {
            writer.Bytes(detail);
        }

        Raft.Check.That(writer.Position == bytes.Length, $"result was measured as {bytes.Length} bytes and took {writer.Position}");
        return bytes;
    }

    /// <summary>Reads a result; values are slices of <paramref name="bytes"/>. Throws <see cref="UnknownCommandException"/>.</summary>
    public static CommandResult Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new SpanReader(bytes.Span);
        byte format = reader.Byte();
        if (format != Format)
        {
            throw new UnknownCommandException($"Result format {format} is not known here (only {Format}): this node needs a newer version.");
        }

        var status = (CommandStatus)reader.Byte();
        byte flags = reader.Byte();
        ulong index = reader.Number();
        int count = reader.Count();
        var operations = count == 0 ? [] : new OperationResult[count];
        for (int i = 0; i < count; i++)
        {
            var kind = (OperationKind)reader.Byte();
            ulong version = reader.Number();
            ulong changed = reader.Number();
            Slice value = reader.Bytes();
            operations[i] = new(kind, version, changed, bytes.Slice(value.Start, value.Length), (int)reader.Number(), reader.Byte() != 0);
        }

        FailedCondition? failed = (flags & FailedConditionFlag) == 0
            ? null
            : new FailedCondition((int)reader.Number(), reader.Number(), reader.Number());
        string? detail = (flags & DetailFlag) == 0 ? null : System.Text.Encoding.UTF8.GetString(reader[reader.Bytes()]);
        reader.End();
        return new(status, (flags & SucceededFlag) != 0, index, operations, failed, detail);
    }

    private static int Measure(CommandResult result, int detailBytes)
    {
        int size = 3 + SpanWriter.Measure(result.Index) + SpanWriter.Measure((ulong)result.Results.Count);
        for (int i = 0; i < result.Results.Count; i++)
        {
            OperationResult operation = result.Results[i];
            size = checked(size + 2 + SpanWriter.Measure(operation.Version) + SpanWriter.Measure(operation.Index)
                + SpanWriter.MeasureBytes(operation.Value.Length) + SpanWriter.Measure((ulong)operation.Count));
        }

        if (result.FailedCondition is { } failed)
        {
            size += SpanWriter.Measure((ulong)failed.Ordinal) + SpanWriter.Measure(failed.Version) + SpanWriter.Measure(failed.Index);
        }

        return result.Detail is null ? size : checked(size + SpanWriter.MeasureBytes(detailBytes));
    }
}
