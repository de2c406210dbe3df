using RaftDb.Client.Protocol;

namespace RaftDb.Client.Data;

/// <summary>The way of data requests to the cluster: over RESP to the leaders, or over HTTP to any node.</summary>
internal interface IDataPath
{
    Task<PutResult> PutAsync(Bytes key, Bytes value, WriteOptions? options, CancellationToken cancel);

    Task<DeleteResult> DeleteAsync(Bytes key, WriteOptions? options, CancellationToken cancel);

    Task<IncrementResult> IncrementAsync(Bytes key, long by, CancellationToken cancel);

    Task<Entry?> GetAsync(Bytes key, ReadOptions? options, CancellationToken cancel);

    Task<IReadOnlyList<Entry?>> GetManyAsync(IReadOnlyList<Bytes> keys, ReadOptions? options, CancellationToken cancel);

    /// <summary>One page, of one range or of several, and where the next one begins (in reverse: ends); null = there is none.</summary>
    Task<(IReadOnlyList<ScanItem> Items, Bytes? Next)> PageAsync(ScanOptions options, Bytes? start, Bytes? end, int limit, CancellationToken cancel);

    Task<TxnResult> TransactAsync(TransactionRequest request, string? ack, CancellationToken cancel);

    Task<IReadOnlyList<BatchResult>> BatchAsync(IReadOnlyList<OperationDocument> operations, string? ack, CancellationToken cancel);

    /// <summary>Removes keys of one range, so many at most, from <paramref name="start"/> on; tells how many, and from where to go on; null = it is done.</summary>
    Task<(long Count, Bytes? Next)> DeleteSomeAsync(Bytes start, Bytes? end, CancellationToken cancel);

    Task<long[]> NextIdsAsync(int count, CancellationToken cancel);
}
