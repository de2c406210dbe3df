using System.Globalization;
using System.Net;
using System.Text;
using RaftDb.Client;
using RaftDb.Client.Protocol;

namespace RaftDb.Cli.Drills;

/// <summary>One session, one counter, many increments under way.</summary>
internal sealed class CounterClient(HttpClient http, IReadOnlyList<Endpoint> nodes, string key, Random random)
{
    private const int Depth = 16;

    /// <summary>One attempt in so many is given up after a few milliseconds, and its connection with it.</summary>
    private const int LostOnPurpose = 20;

    /// <summary>How long an attempt may take, unless it is given up before.</summary>
    private static readonly TimeSpan AttemptTime = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly SortedSet<long> _open = [];
    private string _session = "";
    private long _sequence;
    private long _issued;
    private long _repeated;
    private volatile string? _refused;

    public string Key { get; } = key;

    public long Issued => Interlocked.Read(ref _issued);

    public long Repeated => Interlocked.Read(ref _repeated);

    /// <summary>An answer that says that no repetition will help.</summary>
    public string? Refused => _refused;

    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        // 16 random bytes will do for an id: no node is asked.
        _session = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        await Task.WhenAll(Enumerable.Range(0, Depth).Select(_ => IncrementsAsync(stop, abort)));
    }

    private async Task IncrementsAsync(CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested && _refused is null)
        {
            long sequence;
            lock (_gate)
            {
                sequence = ++_sequence;
                _open.Add(sequence);
            }

            try
            {
                await IncrementAsync(sequence, abort);
            }
            catch (OperationCanceledException) when (abort.IsCancellationRequested)
            {
                return;
            }

            lock (_gate)
            {
                _open.Remove(sequence);
            }
        }
    }

    /// <summary>Until it is answered.</summary>
    private async Task IncrementAsync(long sequence, CancellationToken abort)
    {
        while (_refused is null)
        {
            using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(abort);
            attempt.CancelAfter(Draw(LostOnPurpose) == 0 ? TimeSpan.FromMilliseconds(Draw(12)) : AttemptTime);
            try
            {
                using HttpRequestMessage request = Request(sequence);
                using HttpResponseMessage answer = await http.SendAsync(request, attempt.Token);
                string text = await answer.Content.ReadAsStringAsync(attempt.Token);
                if (answer.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref _issued);
                    return;
                }

                // What is not about this try alone is not mended by another one.
                if (answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Conflict or HttpStatusCode.InternalServerError)
                {
                    _refused = text;
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !abort.IsCancellationRequested))
            {
                // The connection or the patience was lost, and nobody knows what became of it: the next attempt says.
            }

            Interlocked.Increment(ref _repeated);
            await Task.Delay(Draw(30), abort);
        }
    }

    private HttpRequestMessage Request(long sequence)
    {
        long acknowledged;
        lock (_gate)
        {
            acknowledged = _open.Min;
        }

        HttpRequestMessage request = new(HttpMethod.Post, $"http://{nodes[Draw(nodes.Count)]}/v1/txn")
        {
            Content = new StringContent($$$"""{"then":[{"increment":{"key":"{{{Key}}}","by":1}}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(HeaderNames.Session, _session);
        request.Headers.Add(HeaderNames.Sequence, sequence.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(HeaderNames.Acknowledged, acknowledged.ToString(CultureInfo.InvariantCulture));
        return request;
    }

    private int Draw(int below)
    {
        lock (_gate)
        {
            return random.Next(below);
        }
    }
}
