using System.Net;
using System.Net.Sockets;
using RaftDb.Client;

namespace RaftDb.Cli.Drills.Faults;

/// <summary>
/// Where one node dials another. Each pair of nodes has two, one per dialling side, so that a proxy knows whose connections it carries
/// without looking into them. Connections carry both directions, each at the mercy of its own link.
/// </summary>
internal sealed class LinkProxy : IAsyncDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Endpoint _target;
    private readonly HashSet<Socket> _sockets = [];
    private readonly HashSet<Task> _tasks = [];
    private Socket? _listener;

    /// <param name="address">Where it listens.</param>
    /// <param name="target">Where it connects to.</param>
    /// <param name="there">What the dialling node sends.</param>
    /// <param name="back">What the dialled node sends.</param>
    public LinkProxy(Endpoint address, Endpoint target, Link there, Link back)
    {
        Address = address;
        _target = target;
        There = there;
        Back = back;
        Listen();
    }

    public Endpoint Address { get; }

    public Link There { get; }

    public Link Back { get; }

    /// <summary>Takes connections again.</summary>
    public void Listen()
    {
        lock (_lock)
        {
            if (_listener is not null || _stop.IsCancellationRequested)
            {
                return;
            }

            _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _listener.Bind(new IPEndPoint(IPAddress.Parse(Address.Host), Address.Port));
            _listener.Listen(64);
            Run(AcceptAsync(_listener));
        }
    }

    /// <summary>Refuses connections, as a machine does on which the node doesn't run. Those that there are stay.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>Breaks all connections that there are.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            foreach (Socket socket in _sockets)
            {
                socket.Close(0);
            }

            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Refuse();
        Reset();
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks);
        _stop.Dispose();
    }

    private void Run(Task task)
    {
        lock (_lock)
        {
            _tasks.Add(task);
        }

        task.ContinueWith(
            ended =>
            {
                lock (_lock)
                {
                    _tasks.Remove(ended);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                Socket accepted = await listener.AcceptAsync(_stop.Token);
                Run(CarryAsync(accepted));
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It refuses now, or the drill is over.
        }
    }

    private async Task CarryAsync(Socket dialling)
    {
        using Socket dialled = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (dialling)
        {
            try
            {
                dialling.NoDelay = dialled.NoDelay = true;
                Keep(dialling, dialled);
                if (await ConnectAsync(dialling, dialled))
                {
                    await Task.WhenAll(
                        LinkPump.RunAsync(dialling, dialled, There, _stop.Token),
                        LinkPump.RunAsync(dialled, dialling, Back, _stop.Token));
                }
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Reset, or the drill is over.
            }
            finally
            {
                lock (_lock)
                {
                    _sockets.Remove(dialling);
                    _sockets.Remove(dialled);
                }
            }
        }
    }

    private void Keep(Socket dialling, Socket dialled)
    {
        lock (_lock)
        {
            _sockets.Add(dialling);
            _sockets.Add(dialled);
        }
    }

    /// <summary>A connection needs both directions. False: whoever dialled has gone meanwhile, or nobody is there.</summary>
    private async Task<bool> ConnectAsync(Socket dialling, Socket dialled)
    {
        while (There.Condition.Cut || Back.Condition.Cut)
        {
            await There.OpenAsync(_stop.Token);
            await Back.OpenAsync(_stop.Token);
        }

        bool hasGone = dialling.Poll(0, SelectMode.SelectRead) && dialling.Available == 0;
        if (hasGone)
        {
            return false;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(ConnectLimit);
        try
        {
            await dialled.ConnectAsync(IPAddress.Parse(_target.Host), _target.Port, limit.Token);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException && !_stop.IsCancellationRequested)
        {
            dialling.Close(0);
            return false;
        }
    }
}
