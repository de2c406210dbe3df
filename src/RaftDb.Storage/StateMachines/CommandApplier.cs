using System.Buffers.Text;
using RaftDb.Raft;
using RaftDb.Storage.StateMachines.Changes;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Storage.StateMachines;

/// <summary>What commands do to the rows of a range. Everything here depends on the log and the state alone, never on this machine: replicas must agree on every
/// result, the rejected ones included. Used by the thread that applies.</summary>
internal sealed class CommandApplier(IKeyValueTable table, SessionBook sessions, ChangeBook changes)
{
    /// <summary>The last time that a hybrid timestamp can tell: where a sum with an absurd TTL ends.</summary>
    private const long LastMillisecond = (1L << 48) - 1;

    private readonly List<byte[]> _expired = [];
    private readonly List<OperationResult> _results = [];

    /// <summary>Applies the command of one entry.</summary>
    public CommandResult Apply(ReadOnlySpan<byte> command, ulong index, ref ApplyBatch batch)
    {
        var reader = new CommandReader(command);
        CommandHeader header = reader.Header();
        if (header.Time.CompareTo(batch.Time) > 0)
        {
            batch.Time = header.Time;
        }

        if (!changes.IsOn)
        {
            return Apply(command, ref reader, header, index, ref batch);
        }

        changes.Begin(batch.Time.Milliseconds);
        CommandResult result = Apply(command, ref reader, header, index, ref batch);
        changes.End(index);
        return result;
    }

    private CommandResult Apply(ReadOnlySpan<byte> command, ref CommandReader reader, in CommandHeader header, ulong index, ref ApplyBatch batch)
    {
        if (header.Kind == CommandKind.Expire)
        {
            int limit = reader.Limit();
            reader.End();
            return Expire(header.Time, limit, index, ref batch);
        }

        if (header.Kind == CommandKind.ExpireSessions)
        {
            long idle = reader.Milliseconds();
            int limit = reader.Limit();
            reader.End();
            return sessions.Expire(idle, limit, index, batch.Time.Milliseconds);
        }

        if (header.Kind == CommandKind.KeepChanges)
        {
            long until = reader.Milliseconds();
            reader.End();
            changes.KeepUntil(until, index, batch.Time.Milliseconds);
            return new(CommandStatus.Done, true, index, []);
        }

        return header.Kind switch
        {
            CommandKind.SessionTransaction or CommandKind.SessionBatch => ApplyOnce(command, reader, header, index, ref batch),
            CommandKind.SessionItems => ApplySessionItems(command, reader.Position, header.Time, index, ref batch),
            CommandKind.Batch => ApplyItems(command, reader.Position, header.Time, index, ref batch),
            _ => ApplyTransaction(command, reader.Position, header.Time, index, ref batch),
        };
    }

    /// <summary>In a session: what was answered before is answered again, and what is answered now is kept. The session's own rows change outside of the command's savepoint.</summary>
    private CommandResult ApplyOnce(ReadOnlySpan<byte> command, CommandReader reader, in CommandHeader header, ulong index, ref ApplyBatch batch)
    {
        bool isBatch = header.Kind == CommandKind.SessionBatch;
        SessionWrite write = reader.Session();
        int position = reader.Position;
        Span<byte> hash = stackalloc byte[RequestHash.Bytes];
        RequestHash.Of(command[position..], hash);
        bool inRange = isBatch ? Items(ref reader, batch.Descriptor, out _, out _) : Outline.Of(ref reader, batch.Descriptor).IsInRange;
        if (inRange && sessions.Admit(write, hash, index, batch.Time.Milliseconds) is { } answer)
        {
            return answer;
        }

        CommandResult result = isBatch
            ? ApplyItems(command, position, header.Time, index, ref batch)
            : ApplyTransaction(command, position, header.Time, index, ref batch);
        if (result.Status != CommandStatus.OutOfRange)
        {
            sessions.Keep(write, hash, result);
        }

        return result;
    }

    private CommandResult ApplyTransaction(ReadOnlySpan<byte> command, int position, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        // 1. Read it through once: all of it must be known and in the range before any of it is done.
        var reader = CommandReader.At(command, position);
        Outline outline = Outline.Of(ref reader, batch.Descriptor);
        reader.End();
        if (!outline.IsInRange)
        {
            return new(CommandStatus.OutOfRange, false, index, []);
        }

        // 2. Do it.
        _results.Clear();
        ItemResult item = ApplyOne(command, outline, time, index, ref batch);
        return new(item.Status, item.Succeeded, index, Results(), item.FailedCondition, item.Detail);
    }

    private CommandResult ApplyItems(ReadOnlySpan<byte> command, int position, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        // 1. Read all of it through once, as above: it is in the range all together, or the proposer sorts it anew.
        var reader = CommandReader.At(command, position);
        bool inRange = Items(ref reader, batch.Descriptor, out int afterGuard, out int count);
        reader.End();
        if (!inRange)
        {
            return new(CommandStatus.OutOfRange, false, index, []);
        }

        // 2. The guard is for all.
        reader = CommandReader.At(command, position);
        if (FirstFailed(ref reader) is { } failed)
        {
            return new(CommandStatus.Done, false, index, [], failed, Items: []);
        }

        // 3. Do one after the other. What becomes of one is nothing to the others.
        var items = new ItemResult[count];
        _results.Clear();
        reader = CommandReader.At(command, afterGuard);
        reader.Count();
        for (int i = 0; i < items.Length; i++)
        {
            Outline outline = Outline.Of(ref reader, batch.Descriptor);
            outline = Mutants.BatchItemHalfDone ? outline with { Then = outline.Then with { NeedsSavepoint = false } } : outline;
            items[i] = ApplyOne(command, outline, time, index, ref batch);
        }

        return new(CommandStatus.Done, true, index, Results(), Items: items);
    }

    /// <summary>Reads the guard and the items of a batch; tells whether all keys are in the range.</summary>
    private static bool Items(ref CommandReader reader, RangeDescriptor descriptor, out int afterGuard, out int count)
    {
        bool inRange = true;
        for (int left = reader.Count(); left > 0; left--)
        {
            inRange &= descriptor.Contains(reader[reader.Condition().Key]);
        }

        afterGuard = reader.Position;
        count = reader.Count();
        for (int i = 0; i < count; i++)
        {
            inRange &= Outline.Of(ref reader, descriptor).IsInRange;
        }

        return inRange;
    }

    /// <summary>Items each of which may be a write of a session: those that were executed before are answered as then, beside others that are executed now.</summary>
    private CommandResult ApplySessionItems(ReadOnlySpan<byte> command, int position, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        // 1. Read all of it through once.
        var reader = CommandReader.At(command, position);
        var items = new ItemResult[reader.Count()];
        bool inRange = true;
        for (int i = 0; i < items.Length; i++)
        {
            reader.ItemSession();
            inRange &= Outline.Of(ref reader, batch.Descriptor).IsInRange;
        }

        reader.End();
        if (!inRange)
        {
            return new(CommandStatus.OutOfRange, false, index, []);
        }

        // 2. Do one after the other, each once.
        _results.Clear();
        reader = CommandReader.At(command, position);
        reader.Count();
        Span<byte> hash = stackalloc byte[RequestHash.Bytes];
        for (int i = 0; i < items.Length; i++)
        {
            SessionWrite? session = reader.ItemSession();
            int start = reader.Position;
            Outline outline = Outline.Of(ref reader, batch.Descriptor);
            if (session is not { } write)
            {
                items[i] = ApplyOne(command, outline, time, index, ref batch);
                continue;
            }

            // The hash is that of the same request alone in an entry: it may be repeated so.
            RequestHash.Of(command[start..reader.Position], hash);
            int first = _results.Count;
            if (sessions.Admit(write, hash, index, batch.Time.Milliseconds) is { } answer)
            {
                _results.AddRange(answer.Results);
                items[i] = new(
                    answer.Status, answer.Succeeded, first, answer.Results.Count, answer.FailedCondition, answer.Detail, answer.Index == index ? 0 : answer.Index);
                continue;
            }

            ItemResult done = ApplyOne(command, outline, time, index, ref batch);
            items[i] = done;
            sessions.Keep(
                write, hash, new(done.Status, done.Succeeded, index, _results.GetRange(first, done.Count), done.FailedCondition, done.Detail));
        }

        return new(CommandStatus.Done, true, index, Results(), Items: items);
    }

    private OperationResult[] Results() => _results.Count == 0 ? [] : [.. _results];

    /// <summary>Does one transaction, wholly or not at all; its results are added to the others.</summary>
    private ItemResult ApplyOne(ReadOnlySpan<byte> command, in Outline outline, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        int first = _results.Count;
        if (outline.Rejection is not null)
        {
            return new(CommandStatus.Rejected, false, first, 0, null, outline.Rejection);
        }

        // 1. The conditions decide on the branch.
        var reader = CommandReader.At(command, outline.Conditions);
        FailedCondition? failed = FirstFailed(ref reader);
        Branch branch = failed is null ? outline.Then : outline.Else;

        // 2. Its operations.
        reader = CommandReader.At(command, branch.Position);
        string? rejection = Run(ref reader, branch, time, index, ref batch);
        if (rejection is null)
        {
            return new(CommandStatus.Done, failed is null, first, _results.Count - first, failed, null);
        }

        _results.RemoveRange(first, _results.Count - first);
        return new(CommandStatus.Rejected, failed is null, first, 0, failed, (failed is null ? "then" : "else") + rejection);
    }

    private FailedCondition? FirstFailed(ref CommandReader reader)
    {
        int count = reader.Count();
        for (int i = 0; i < count; i++)
        {
            ConditionView condition = reader.Condition();
            ReadOnlySpan<byte> key = reader[condition.Key];
            RowFacts facts = table.Find(key);
            bool holds = condition.Kind switch
            {
                ConditionKind.Version => facts.Version == condition.Number,
                ConditionKind.Index => facts.Index == condition.Number,
                ConditionKind.Exists => facts.Exists == (condition.Number != 0),
                _ => facts.Exists && facts.ValueBytes == condition.Value.Length && table.ValueEquals(key, reader[condition.Value]),
            };
            if (!holds && !Mutants.ConditionsIgnored)
            {
                return new(i, facts.Version, facts.Index);
            }
        }

        return null;
    }

    /// <summary>Null when all was done; else which operation was rejected and why, and nothing was done.</summary>
    private string? Run(ref CommandReader reader, Branch branch, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        int count = reader.Count();
        ApplyBatch before = batch;
        int changesBefore = changes.Mark;
        if (branch.NeedsSavepoint)
        {
            table.Savepoint();
        }

        for (int i = 0; i < count; i++)
        {
            OperationView operation = reader.Operation();
            string? rejection = Do(ref reader, operation, time, index, ref batch, out OperationResult result);
            if (rejection is not null)
            {
                if (branch.NeedsSavepoint && !Mutants.RejectedCommandHalfDone)
                {
                    table.RollBack();
                }

                changes.RollBack(changesBefore);
                batch = before;
                return $"[{i}]: {rejection}";
            }

            _results.Add(result);
        }

        if (branch.NeedsSavepoint)
        {
            table.Release();
        }

        return null;
    }

    private string? Do(
        ref CommandReader reader, in OperationView operation, HybridTimestamp time, ulong index, ref ApplyBatch batch, out OperationResult result)
    {
        ReadOnlySpan<byte> key = reader[operation.Key];
        switch (operation.Kind)
        {
            case OperationKind.Put:
                ulong version = Put(
                    key, reader[operation.Value], table.Find(key), ExpiryAfter(operation.TtlMilliseconds, time), time, index, ref batch);
                result = new(OperationKind.Put, version, index, default, 0, false);
                return null;
            case OperationKind.Delete:
                ulong had = Delete(key, index, ref batch);
                result = new(OperationKind.Delete, had, index, default, had == 0 ? 0 : 1, false);
                return null;
            case OperationKind.DeleteRange:
                RecordDeleted(key, reader[operation.End], operation.Number);
                (long count, long bytes, bool hadExpiry, bool more) = table.DeleteRange(key, reader[operation.End], operation.Number, index);
                batch.Keys -= count;
                batch.Bytes -= bytes;
                batch.EarliestIsStale |= hadExpiry;
                result = new(OperationKind.DeleteRange, 0, index, default, (int)count, more);
                return null;
            case OperationKind.Increment:
                return Increment(key, operation.Number, time, index, ref batch, out result);
            case OperationKind.Append:
                return Append(key, reader[operation.Value], operation.Number, time, index, ref batch, out result);
            case OperationKind.Overwrite:
                RowFacts old = table.Find(key);
                result = new(OperationKind.Overwrite, Put(key, reader[operation.Value], old, old.Expiry, time, index, ref batch), index, default, 0, false);
                return null;
            case OperationKind.Expire:
                result = ChangeExpiry(key, operation.TtlMilliseconds, time, index, ref batch);
                return null;
            default:
                RowFacts facts = table.Find(key);
                result = new(OperationKind.Get, facts.Version, facts.Index, facts.Exists ? table.Value(key) : default, facts.Expiry, false);
                return null;
        }
    }

    private static long ExpiryAfter(long ttlMilliseconds, HybridTimestamp time) =>
        ttlMilliseconds == 0 ? 0 : (long)Math.Min((ulong)time.Milliseconds + (ulong)ttlMilliseconds, LastMillisecond);

    private ulong Put(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, in RowFacts facts, long expiry, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        ulong version = facts.Version + 1;
        table.Write(key, value, version, index, expiry, time);
        if (facts.Exists)
        {
            batch.Bytes += value.Length - facts.ValueBytes;
        }
        else
        {
            batch.Keys++;
            batch.Bytes += key.Length + value.Length;
        }

        batch.ExpiryChanged(facts.Expiry, expiry);
        changes.Put(key, value, version);
        return version;
    }

    private void RecordDeleted(ReadOnlySpan<byte> start, ReadOnlySpan<byte> end, long limit)
    {
        if (changes.IsOn)
        {
            _expired.Clear();
            table.KeysBetween(start, end, limit, _expired);
            _expired.ForEach(key => changes.Deleted(key, expired: false));
        }
    }

    private ulong Delete(ReadOnlySpan<byte> key, ulong index, ref ApplyBatch batch, bool expired = false)
    {
        RowFacts facts = table.Find(key);
        if (facts.Exists)
        {
            table.Delete(key, index);
            batch.Keys--;
            batch.Bytes -= key.Length + facts.ValueBytes;
            batch.ExpiryChanged(facts.Expiry, 0);
            changes.Deleted(key, expired);
        }

        return facts.Version;
    }

    private string? Increment(
        ReadOnlySpan<byte> key, long by, HybridTimestamp time, ulong index, ref ApplyBatch batch, out OperationResult result)
    {
        result = default;
        RowFacts facts = table.Find(key);
        long number = 0;
        if (facts.Exists)
        {
            // 20 bytes hold every 64-bit number with its sign; what is longer is not one, and is not read.
            byte[]? text = facts.ValueBytes is >= 1 and <= 20 ? table.Value(key) : null;
            if (text is null || text[0] == '+' || !Utf8Parser.TryParse(text, out number, out int consumed) || consumed != text.Length)
            {
                return Rejections.NotANumber;
            }
        }

        long sum = unchecked(number + by);
        if (((number ^ sum) & (by ^ sum)) < 0)
        {
            return Rejections.Overflow;
        }

        Span<byte> buffer = stackalloc byte[20];
        Utf8Formatter.TryFormat(sum, buffer, out int written);
        byte[] value = buffer[..written].ToArray();
        ulong version = Put(key, value, facts, facts.Expiry, time, index, ref batch);
        result = new(OperationKind.Increment, version, index, value, 0, false);
        return null;
    }

    private string? Append(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> more, long maxBytes, HybridTimestamp time, ulong index, ref ApplyBatch batch, out OperationResult result)
    {
        result = default;
        RowFacts facts = table.Find(key);
        if ((long)facts.ValueBytes + more.Length > maxBytes)
        {
            return $"the value would have more than {maxBytes} bytes";
        }

        byte[] value = [.. facts.Exists ? table.Value(key)! : [], .. more];
        ulong version = Put(key, value, facts, facts.Expiry, time, index, ref batch);
        result = new(OperationKind.Append, version, index, default, value.Length, false);
        return null;
    }

    private OperationResult ChangeExpiry(ReadOnlySpan<byte> key, long ttlMilliseconds, HybridTimestamp time, ulong index, ref ApplyBatch batch)
    {
        RowFacts facts = table.Find(key);
        if (!facts.Exists || (ttlMilliseconds == 0 && facts.Expiry == 0))
        {
            return new(OperationKind.Expire, facts.Version, facts.Index, default, 0, false);
        }

        ulong version = Put(key, table.Value(key), facts, ExpiryAfter(ttlMilliseconds, time), time, index, ref batch);
        return new(OperationKind.Expire, version, index, default, 1, false);
    }

    private CommandResult Expire(HybridTimestamp time, int limit, ulong index, ref ApplyBatch batch)
    {
        if (limit == 0)
        {
            return new(CommandStatus.Rejected, false, index, [], Detail: "the limit must be at least 1");
        }

        _expired.Clear();
        table.Expired(time.Milliseconds, limit, _expired);
        foreach (byte[] key in _expired)
        {
            Delete(key, index, ref batch, expired: true);
        }

        bool more = _expired.Count == limit && table.EarliestExpiry() is > 0 and long next && next <= time.Milliseconds;
        var result = new OperationResult(OperationKind.DeleteRange, 0, index, default, _expired.Count, more);
        return new(CommandStatus.Done, true, index, [result]);
    }
}
