using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RaftDb.Client;
using RaftDb.Client.Protocol;
using RaftDb.Server.Hosting;
using RaftDb.Storage;

namespace RaftDb.Cli.Commands;

/// <summary>Writes a cluster's data to a file, and lays such a file into a data directory.</summary>
internal static class BackupFiles
{
    /// <summary>Each range from its leader's node, one after the other, into a file that gets its name only when it is whole.</summary>
    public static async Task<int> BackupAsync(string servers, string file, bool json, CancellationToken cancel)
    {
        await using RaftDbClient db = await RaftDbClient.ConnectAsync(servers);
        ClusterStatus status = await db.StatusAsync(cancel);
        string unfinished = file + ".part";
        using HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            await using (FileStream output = new(unfinished, FileMode.Create, FileAccess.Write))
            {
                using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                await WriteAsync(output, hash, Encoding.UTF8.GetBytes(BackupFormat.FirstLine), cancel);
                foreach (RangeStatus range in status.Ranges)
                {
                    string address = status.Nodes.FirstOrDefault(n => n.Id == range.Leader)?.Http
                        ?? throw new RefusedException($"Range {range.Id} has no leader that can be reached. Back up when it has one; see `raftdb status`.");
                    long bytes = await CopyRangeAsync(http, address, range.Id, output, hash, cancel);
                    Say(json, $"range {range.Id}: {bytes} bytes from node {range.Leader}");
                }

                BackupEnd end = new(status.Ranges.Count, Convert.ToHexStringLower(hash.GetHashAndReset()));
                await output.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(end) + "\n"), cancel);
                output.Flush(flushToDisk: true);
            }

            // Read it back: a backup that can't be restored is none.
            BackupFile backup = BackupFile.Open(unfinished);
            File.Move(unfinished, file);
            Tell(json, file, backup);
            return 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or StorageRefusedException)
        {
            throw new RefusedException($"The backup failed: {e.Message}");
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    public static Task<int> RestoreAsync(string file, string data)
    {
        try
        {
            if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
            {
                throw new RefusedException($"The directory '{data}' is not empty. Restore into a new one.");
            }

            BackupFile backup = BackupFile.Open(file);
            Directory.CreateDirectory(data);
            string unfinished = Path.Combine(data, BackupFormat.RestoredName + ".part");
            using (FileStream from = File.OpenRead(file))
            using (FileStream to = new(unfinished, FileMode.Create, FileAccess.Write))
            {
                from.CopyTo(to);
                to.Flush(flushToDisk: true);
            }

            File.Move(unfinished, Path.Combine(data, BackupFormat.RestoredName));
            Tell(false, file, backup);
            Console.Out.WriteLine($"Restored into {data}. Do the same for every node of the new cluster, then start them all with the same --cluster.");
            return Task.FromResult(0);
        }
        catch (Exception e) when (e is IOException or StorageRefusedException or UnauthorizedAccessException)
        {
            throw new RefusedException(e.Message);
        }
    }

    private static async Task<long> CopyRangeAsync(
        HttpClient http, string address, ulong range, FileStream output, IncrementalHash hash, CancellationToken cancel)
    {
        using HttpResponseMessage answer = await http.GetAsync(
            new Uri($"http://{address}/v1/ranges/{range}/backup"), HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!answer.IsSuccessStatusCode)
        {
            throw new RefusedException($"Range {range} can't be backed up: {await answer.Content.ReadAsStringAsync(cancel)}");
        }

        await using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
        long total = 0;
        for (int read; (read = await body.ReadAsync(buffer, cancel)) > 0; total += read)
        {
            await WriteAsync(output, hash, buffer.AsMemory(0, read), cancel);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return total;
    }

    private static async Task WriteAsync(FileStream output, IncrementalHash hash, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        hash.AppendData(bytes.Span);
        await output.WriteAsync(bytes, cancel);
    }

    private static void Say(bool json, string text)
    {
        if (!json)
        {
            Console.Error.WriteLine(text);
        }
    }

    private static void Tell(bool json, string file, BackupFile backup)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(new
            {
                file,
                sha256 = backup.Sha256,
                ranges = backup.Ranges.Select(r => new { id = r.Range, index = r.Index, keys = r.Keys, digest = r.Digest }),
            }));
            return;
        }

        foreach (BackupRange range in backup.Ranges)
        {
            Console.Out.WriteLine($"range {range.Range}: index {range.Index}, {range.Keys} keys, digest {range.Digest}");
        }
    }
}
