using System.Globalization;
using RaftDb.Storage.StateMachines.Commands;

namespace RaftDb.Tests.Storage.StateMachines;

/// <summary>What the key-value commands mean, once more and as simply as possible: a sorted dictionary, copied before each transaction.</summary>
internal sealed class KeyValueModel
{
    private SortedDictionary<string, ModelRow> _rows = new(StringComparer.Ordinal);

    public long Keys => _rows.Count;

    public long Bytes => _rows.Sum(r => r.Key.Length + r.Value.Value.Length);

    public long EarliestExpiry => _rows.Values.Where(r => r.Expiry > 0).Select(r => r.Expiry).DefaultIfEmpty(0).Min();

    public string Dump() => string.Join('\n', _rows.Select(r => $"{r.Key}={r.Value.Value} v{r.Value.Version} i{r.Value.Index} e{r.Value.Expiry}"));

    public CommandResult Apply(Command command, ulong index) => command is ExpireCommand expire
        ? Expire(expire, index)
        : Apply((TransactionCommand)command, index);

    private CommandResult Apply(TransactionCommand command, ulong index)
    {
        FailedCondition? failed = null;
        for (int i = 0; i < command.Conditions.Count && failed is null; i++)
        {
            Condition condition = command.Conditions[i];
            bool exists = _rows.TryGetValue(StateFixture.Text(condition.Key), out ModelRow? row);
            bool holds = condition.Kind switch
            {
                ConditionKind.Version => (row?.Version ?? 0) == condition.Number,
                ConditionKind.Index => (row?.Index ?? 0) == condition.Number,
                ConditionKind.Value => exists && row!.Value == StateFixture.Text(condition.Value),
                _ => exists == (condition.Number == 1),
            };
            failed = holds ? null : new FailedCondition(i, row?.Version ?? 0, row?.Index ?? 0);
        }

        SortedDictionary<string, ModelRow> before = new(_rows, StringComparer.Ordinal);
        IReadOnlyList<Operation> operations = failed is null ? command.Then : command.Else;
        var results = new List<OperationResult>();
        for (int i = 0; i < operations.Count; i++)
        {
            if (Do(operations[i], command.Time.Milliseconds, index) is { } result)
            {
                results.Add(result);
                continue;
            }

            _rows = before;
            string reason = "the value is not a decimal 64-bit integer";
            return new(CommandStatus.Rejected, failed is null, index, [], failed, $"{(failed is null ? "then" : "else")}[{i}]: {reason}");
        }

        return new(CommandStatus.Done, failed is null, index, results, failed);
    }

    private OperationResult? Do(Operation operation, long time, ulong index)
    {
        string key = StateFixture.Text(operation.Key);
        _rows.TryGetValue(key, out ModelRow? row);
        switch (operation.Kind)
        {
            case OperationKind.Put:
                long expiry = operation.TtlMilliseconds == 0 ? 0 : time + operation.TtlMilliseconds;
                _rows[key] = new(StateFixture.Text(operation.Value), (row?.Version ?? 0) + 1, index, expiry);
                return new(operation.Kind, (row?.Version ?? 0) + 1, index, default, 0, false);
            case OperationKind.Delete:
                _rows.Remove(key);
                return new(operation.Kind, row?.Version ?? 0, index, default, row is null ? 0 : 1, false);
            case OperationKind.DeleteRange:
                string end = StateFixture.Text(operation.End);
                string[] keys = [.. _rows.Keys.Where(k => string.CompareOrdinal(k, key) >= 0 && (end == "" || string.CompareOrdinal(k, end) < 0))];
                foreach (string gone in keys.Take((int)operation.Number))
                {
                    _rows.Remove(gone);
                }

                return new(operation.Kind, 0, index, default, Math.Min(keys.Length, (int)operation.Number), keys.Length > operation.Number);
            case OperationKind.Increment:
                if (!long.TryParse(row?.Value ?? "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
                {
                    return null;
                }

                string sum = (number + operation.Number).ToString(CultureInfo.InvariantCulture);
                _rows[key] = new(sum, (row?.Version ?? 0) + 1, index, row?.Expiry ?? 0);
                return new(operation.Kind, (row?.Version ?? 0) + 1, index, StateFixture.Bytes(sum), 0, false);
            case OperationKind.Append:
                string longer = (row?.Value ?? "") + StateFixture.Text(operation.Value);
                _rows[key] = new(longer, (row?.Version ?? 0) + 1, index, row?.Expiry ?? 0);
                return new(operation.Kind, (row?.Version ?? 0) + 1, index, default, longer.Length, false);
            case OperationKind.Overwrite:
                _rows[key] = new(StateFixture.Text(operation.Value), (row?.Version ?? 0) + 1, index, row?.Expiry ?? 0);
                return new(operation.Kind, (row?.Version ?? 0) + 1, index, default, 0, false);
            case OperationKind.Expire:
                if (row is null || (operation.TtlMilliseconds == 0 && row.Expiry == 0))
                {
                    return new(operation.Kind, row?.Version ?? 0, row?.Index ?? 0, default, 0, false);
                }

                _rows[key] = row with { Version = row.Version + 1, Index = index, Expiry = operation.TtlMilliseconds == 0 ? 0 : time + operation.TtlMilliseconds };
                return new(operation.Kind, row.Version + 1, index, default, 1, false);
            default:
                return new(operation.Kind, row?.Version ?? 0, row?.Index ?? 0, StateFixture.Bytes(row?.Value ?? ""), row?.Expiry ?? 0, false);
        }
    }

    private CommandResult Expire(ExpireCommand command, ulong index)
    {
        string[] due = [.. _rows.Where(r => r.Value.Expiry > 0 && r.Value.Expiry <= command.Time.Milliseconds)
            .OrderBy(r => r.Value.Expiry).ThenBy(r => r.Key, StringComparer.Ordinal).Select(r => r.Key)];
        foreach (string key in due.Take(command.Limit))
        {
            _rows.Remove(key);
        }

        int count = Math.Min(due.Length, command.Limit);
        return new(CommandStatus.Done, true, index, [new(OperationKind.DeleteRange, 0, index, default, count, due.Length > command.Limit)]);
    }

    private sealed record ModelRow(string Value, ulong Version, ulong Index, long Expiry);
}
