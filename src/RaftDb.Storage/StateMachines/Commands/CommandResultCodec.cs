namespace RaftDb.Storage.StateMachines.Commands;

/// <summary>Results as bytes, for the node that forwarded the command to the leader.</summary>
public static class CommandResultCodec
{
    /// <summary>The format's version.</summary>
    public const byte Format = 1;

    private const byte SucceededFlag = 1;
    private const byte FailedConditionFlag = 2;
    private const byte DetailFlag = 4;
    private const byte ItemsFlag = 8;
    private const byte IndexFlag = 16;

    /// <summary>The result in an array of its exact size.</summary>
    public static byte[] Encode(CommandResult result)
    {
        byte[] detail = result.Detail is null ? [] : System.Text.Encoding.UTF8.GetBytes(result.Detail);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Measure(result, detail.Length));
        var writer = new SpanWriter(bytes);
        writer.Byte(Format);
        writer.Byte((byte)result.Status);
        writer.Byte((byte)(
            (result.Succeeded ? SucceededFlag : 0) | (result.FailedCondition is null ? 0 : FailedConditionFlag) | (result.Detail is null ? 0 : DetailFlag)
            | (result.Items is null ? 0 : ItemsFlag)));
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

        if (result.Items is { } items)
        {
            writer.Number((ulong)items.Count);
            for (int i = 0; i < items.Count; i++)
            {
                Write(items[i], ref writer);
            }
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
            operations[i] = new(kind, version, changed, bytes.Slice(value.Start, value.Length), (long)reader.Number(), reader.Byte() != 0);
        }

        FailedCondition? failed = (flags & FailedConditionFlag) == 0
            ? null
            : new FailedCondition((int)reader.Number(), reader.Number(), reader.Number());
        string? detail = (flags & DetailFlag) == 0 ? null : System.Text.Encoding.UTF8.GetString(reader[reader.Bytes()]);
        ItemResult[]? items = (flags & ItemsFlag) == 0 ? null : Items(ref reader, operations.Length);
        reader.End();
        return new(status, (flags & SucceededFlag) != 0, index, operations, failed, detail, items);
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

        size = result.Detail is null ? size : checked(size + SpanWriter.MeasureBytes(detailBytes));
        if (result.Items is { } items)
        {
            size += SpanWriter.Measure((ulong)items.Count);
            for (int i = 0; i < items.Count; i++)
            {
                size = checked(size + Measure(items[i]));
            }
        }

        return size;
    }

    // Results belong to the items one after the other, so that their number is enough.
    private static void Write(in ItemResult item, ref SpanWriter writer)
    {
        writer.Byte((byte)item.Status);
        writer.Byte((byte)(
            (item.Succeeded ? SucceededFlag : 0) | (item.FailedCondition is null ? 0 : FailedConditionFlag) | (item.Detail is null ? 0 : DetailFlag)
            | (item.Index == 0 ? 0 : IndexFlag)));
        writer.Number((ulong)item.Count);
        if (item.Index != 0)
        {
            writer.Number(item.Index);
        }

        if (item.FailedCondition is { } failed)
        {
            writer.Number((ulong)failed.Ordinal);
            writer.Number(failed.Version);
            writer.Number(failed.Index);
        }

        if (item.Detail is not null)
        {
            writer.Bytes(System.Text.Encoding.UTF8.GetBytes(item.Detail));
        }
    }

    private static int Measure(in ItemResult item)
    {
        int size = 2 + SpanWriter.Measure((ulong)item.Count) + (item.Index == 0 ? 0 : SpanWriter.Measure(item.Index));
        if (item.FailedCondition is { } failed)
        {
            size += SpanWriter.Measure((ulong)failed.Ordinal) + SpanWriter.Measure(failed.Version) + SpanWriter.Measure(failed.Index);
        }

        return item.Detail is null ? size : size + SpanWriter.MeasureBytes(System.Text.Encoding.UTF8.GetByteCount(item.Detail));
    }

    private static ItemResult[] Items(ref SpanReader reader, int results)
    {
        var items = new ItemResult[reader.Count()];
        ulong first = 0;
        for (int i = 0; i < items.Length; i++)
        {
            var status = (CommandStatus)reader.Byte();
            byte flags = reader.Byte();
            ulong count = reader.Number();
            if (count > (ulong)results - first)
            {
                throw new UnknownCommandException($"Item {i} claims more results than the {results} that there are.");
            }

            ulong index = (flags & IndexFlag) == 0 ? 0 : reader.Number();
            FailedCondition? failed = (flags & FailedConditionFlag) == 0
                ? null
                : new FailedCondition((int)reader.Number(), reader.Number(), reader.Number());
            string? detail = (flags & DetailFlag) == 0 ? null : System.Text.Encoding.UTF8.GetString(reader[reader.Bytes()]);
            items[i] = new(status, (flags & SucceededFlag) != 0, (int)first, (int)count, failed, detail, index);
            first += count;
        }

        return items;
    }
}
