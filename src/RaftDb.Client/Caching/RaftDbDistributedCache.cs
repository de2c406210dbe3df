using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;

namespace RaftDb.Client.Caching;

/// <summary>A distributed cache whose entries are keys of a cluster, which removes them when their time is over.</summary>
internal sealed class RaftDbDistributedCache(RaftDbClient client, RaftDbCacheOptions options, TimeProvider time, ILogger log) : IBufferDistributedCache
{
    public byte[]? Get(string key) => GetAsync(key).GetAwaiter().GetResult();

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) => (await UseAsync(key, token).ConfigureAwait(false))?.ToArray();

    public bool TryGet(string key, IBufferWriter<byte> destination) => TryGetAsync(key, destination).AsTask().GetAwaiter().GetResult();

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (await UseAsync(key, token).ConfigureAwait(false) is not { } content)
        {
            return false;
        }

        destination.Write(content.Span);
        return true;
    }

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => SetAsync(key, value, options).GetAwaiter().GetResult();

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SetAsync(key, new ReadOnlySequence<byte>(value), options, token).AsTask();
    }

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) =>
        SetAsync(key, value, options).AsTask().GetAwaiter().GetResult();

    public async ValueTask SetAsync(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        DateTimeOffset now = time.GetUtcNow();
        CacheEntry entry = CacheEntry.From(options, now);
        await client.PutAsync(KeyOf(key), entry.Encode(value), new WriteOptions { TimeToLive = entry.TimeToLive(now) }, token).ConfigureAwait(false);
    }

    public void Refresh(string key) => RefreshAsync(key).GetAwaiter().GetResult();

    public Task RefreshAsync(string key, CancellationToken token = default) => UseAsync(key, token);

    public void Remove(string key) => RemoveAsync(key).GetAwaiter().GetResult();

    public async Task RemoveAsync(string key, CancellationToken token = default) =>
        await client.DeleteAsync(KeyOf(key), cancel: token).ConfigureAwait(false);

    /// <summary>Reads an entry, and puts its sliding expiry off.</summary>
    private async Task<ReadOnlyMemory<byte>?> UseAsync(string key, CancellationToken cancel)
    {
        Bytes full = KeyOf(key);
        if (await client.GetAsync(full, options.Read, cancel).ConfigureAwait(false) is not { Value: var value })
        {
            return null;
        }

        if (!CacheEntry.TryDecode(value.Span, out CacheEntry? entry))
        {
            throw new InvalidOperationException($"The key '{full}' holds something that the cache did not write. Give the cache a {nameof(RaftDbCacheOptions.KeyPrefix)} of its own.");
        }

        DateTimeOffset now = time.GetUtcNow();
        if (entry.Value.IsOver(now))
        {
            return null;
        }

        ReadOnlyMemory<byte> content = value[CacheEntry.HeaderBytes..];
        if (entry.Value.IsRefreshDue(now))
        {
            await PutOffAsync(full, value, entry.Value, content, now, cancel).ConfigureAwait(false);
        }

        return content;
    }

    /// <summary>Writes an entry anew with a later expiry, if it is still the same: by its value, for a version comes again after a delete.</summary>
    private async Task PutOffAsync(Bytes key, ReadOnlyMemory<byte> value, CacheEntry entry, ReadOnlyMemory<byte> content, DateTimeOffset now, CancellationToken cancel)
    {
        CacheEntry later = entry with { Refreshed = now.ToUnixTimeMilliseconds() };
        try
        {
            // Where the condition fails, another one has written or used the entry meanwhile, and so has put its expiry off.
            await client.Txn().IfValue(key, value).Put(key, later.Encode(new ReadOnlySequence<byte>(content)), later.TimeToLive(now)).CommitAsync(cancel).ConfigureAwait(false);
        }
        catch (RaftDbException failure)
        {
            // What was read is good. At worst the entry expires early, which a cache may.
            log.LogWarning(failure, "The expiry of the cached key {Key} could not be put off: {Code}", key.ToString(), failure.Code);
        }
    }

    private Bytes KeyOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return options.KeyPrefix + key;
    }
}
