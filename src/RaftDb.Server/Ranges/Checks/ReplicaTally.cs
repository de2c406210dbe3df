using System.Security.Cryptography;
using System.Text;
using RaftDb.Client.Protocol;
using RaftDb.Raft;
using RaftDb.Server.Bootstrap;
using RaftDb.Storage;

namespace RaftDb.Server.Ranges.Checks;

/// <summary>What a check has found so far in one replica, slice by slice.</summary>
internal sealed class ReplicaTally(ReplicaDescriptor replica) : IDisposable
{
    private const int MostNamed = 16;
    private const int MostKeyBytes = 64;

    private readonly IncrementalHash _roots = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<KeyInterval> _differs = [];
    private LogIndex _index;
    private long _keys;
    private bool _compared;

    public ReplicaDescriptor Replica { get; } = replica;

    /// <summary>What SQLite finds wrong.</summary>
    public string? Damage { get; private set; }

    /// <summary>Why it could not be looked at.</summary>
    public string? Failure { get; private set; }

    /// <summary>It differs from a majority.</summary>
    public bool IsWrong { get; private set; }

    /// <summary>It differs from others, and nobody can tell who is right.</summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>What was done about it.</summary>
    public string? Consequence { get; set; }

    public bool IsGood => Damage is null && Failure is null && !IsWrong && !IsDoubtful && _compared;

    /// <summary>No use in asking it again.</summary>
    public bool IsOut => Damage is not null || Failure is not null;

    public void Take(LogIndex mark, SliceAnswer answer)
    {
        Damage ??= answer.Damage;
        Failure ??= answer.Failure;
        if (answer.Root is { } root)
        {
            _compared = true;
            _index = mark;
            _keys += answer.Keys;
            _roots.AppendData(Encoding.ASCII.GetBytes(root));
        }
    }

    /// <summary>A majority has other rows in these intervals (or, when there is none, something other than rows is different).</summary>
    public void Condemn(IEnumerable<KeyInterval> differs)
    {
        IsWrong = true;
        Name(differs);
    }

    public void Doubt(IEnumerable<KeyInterval> differs)
    {
        IsDoubtful = true;
        Name(differs);
    }

    public ReplicaCheck ToDocument() => new(
        Replica.Node.Value,
        Replica.Replica.Value,
        _compared ? _index.Value : null,
        _compared ? _keys : null,
        _compared ? Convert.ToHexStringLower(_roots.GetCurrentHash()) : null,
        Damage is not null ? CheckVerdicts.Damaged : IsWrong || IsDoubtful ? CheckVerdicts.Differs : IsGood ? CheckVerdicts.Equal : CheckVerdicts.Unchecked,
        Detail(),
        _differs);

    public void Dispose() => _roots.Dispose();

    private string? Detail()
    {
        string? found = Damage is not null ? $"SQLite finds its file damaged: {Damage}"
            : IsWrong ? $"it differs from the majority in {Where()}"
            : IsDoubtful ? $"it differs from others in {Where()}, and nobody can tell who is right"
            : Failure;
        return Consequence is null ? found : $"{found}; {Consequence}";
    }

    /// <summary>Where it differs, in words.</summary>
    public string Where() => _differs.Count == 0
        ? "what is not rows (descriptor, configuration, counts)"
        : "the keys from " + string.Join(", from ", _differs.Take(3).Select(d => $"{Text(d.Start, "the first")} to {Text(d.End, "the last")}")) + (_differs.Count > 3 ? ", and more" : "");

    private void Name(IEnumerable<KeyInterval> differs) => _differs.AddRange(differs.Take(MostNamed - _differs.Count));

    private static string Text(BinaryText? key, string unbounded) => key is not { } named ? unbounded
        : named.Bytes.Length <= MostKeyBytes ? $"'{KeyText.Of(named.Bytes.Span)}'"
        : $"'{KeyText.Of(named.Bytes.Span[..MostKeyBytes])}…'";
}
