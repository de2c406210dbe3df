using RaftDb.Simulation.Core;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Network;

/// <summary>The connections between machines: when one opens, when silence makes a peer suspect, when it breaks, and who hears of that. Timings are those of the product's transport.</summary>
internal sealed class ConnectionWatch(EventQueue time, SimRandom random, Trace trace, IReadOnlyList<SimMachine> machines)
{
    private const long Ms = 1_000_000;
    private const long LookEvery = 100 * Ms;
    private const long SuspectAfter = 1000 * Ms;
    private const long CloseAfter = 5000 * Ms;

    private readonly Connection?[,] _open = new Connection?[machines.Count, machines.Count];
    private readonly long[,] _heard = new long[machines.Count, machines.Count];
    private readonly bool[,] _suspected = new bool[machines.Count, machines.Count];

    /// <summary>Whether a direction is cut.</summary>
    public required Func<int, int, bool> IsCut { get; init; }

    public bool IsOpen(int a, int b) => _open[a, b] is not null;

    /// <summary>The process at the other end of an open connection; it may be dead by now.</summary>
    public SimProcess Peer(int own, int other) => _open[own, other]!.Of(other, own);

    public void Begin() => time.After(LookEvery, Look);

    public void Add(int a, int b, IBreakable call) => _open[a, b]!.Calls.Add(call);

    public void Remove(int a, int b, IBreakable call) => _open[a, b]?.Calls.Remove(call);

    /// <summary>A process has started: others find out that it is a new one, and connect.</summary>
    public void Started(SimProcess process)
    {
        int own = process.Machine.Index;
        for (int other = 0; other < machines.Count; other++)
        {
            if (other != own)
            {
                if (_open[own, other] is not null && !IsEitherCut(own, other))
                {
                    Close(own, other, processGone: own);
                }

                TryOpen(own, other);
            }
        }
    }

    /// <summary>A process has died. Its machine closes its connections, unless the machine is dead as well.</summary>
    public void Died(int own, bool machineToo)
    {
        for (int other = 0; other < machines.Count; other++)
        {
            if (other != own && _open[own, other] is { } connection)
            {
                int peer = other;
                if (!machineToo && !IsEitherCut(own, other))
                {
                    time.After(random.Between(1 * Ms, 20 * Ms), () =>
                    {
                        if (ReferenceEquals(_open[own, peer], connection))
                        {
                            Close(own, peer, processGone: own);
                        }
                    });
                }
            }
        }
    }

    private bool IsEitherCut(int a, int b) => IsCut(a, b) || IsCut(b, a);

    private void Look()
    {
        for (int a = 0; a < machines.Count; a++)
        {
            for (int b = 0; b < machines.Count; b++)
            {
                if (a != b)
                {
                    Hear(a, b);
                }
            }
        }

        for (int a = 0; a < machines.Count; a++)
        {
            for (int b = a + 1; b < machines.Count; b++)
            {
                if (_open[a, b] is null)
                {
                    TryOpen(a, b);
                }
                else if (time.Now - Math.Min(_heard[a, b], _heard[b, a]) > CloseAfter)
                {
                    Close(a, b, processGone: -1);
                }
            }
        }

        time.After(LookEvery, Look);
    }

    /// <summary>Whether pings of one come to the other.</summary>
    private void Hear(int from, int to)
    {
        if (machines[from].Process is { IsPaused: false } sender && _open[from, to] is { } connection && ReferenceEquals(connection.Of(from, to), sender) && !IsCut(from, to))
        {
            _heard[from, to] = time.Now;
            _suspected[from, to] = false;
        }
        else if (_open[from, to] is not null && time.Now - _heard[from, to] > SuspectAfter && !_suspected[from, to])
        {
            _suspected[from, to] = true;
            machines[to].Process?.Post(p => p.Handler.OnPeerSuspected(Node(from)));
        }
    }

    private void TryOpen(int a, int b)
    {
        if (_open[a, b] is null && machines[a].Process is { IsPaused: false } first && machines[b].Process is { IsPaused: false } second && !IsEitherCut(a, b))
        {
            _open[a, b] = _open[b, a] = new(Math.Min(a, b) == a ? first : second, Math.Min(a, b) == a ? second : first);
            _heard[a, b] = _heard[b, a] = time.Now;
            _suspected[a, b] = _suspected[b, a] = false;
        }
    }

    private void Close(int a, int b, int processGone)
    {
        Connection connection = _open[a, b]!;
        _open[a, b] = _open[b, a] = null;
        trace.Detail(() => $"connection {a + 1}-{b + 1} closed");
        foreach (IBreakable call in connection.Calls.ToArray())
        {
            call.Break();
        }

        Tell(connection.Of(b, a), a, processGone == a);
        Tell(connection.Of(a, b), b, processGone == b);
    }

    private static void Tell(SimProcess process, int lost, bool gone)
    {
        if (process.IsAlive)
        {
            process.Post(p => p.Handler.OnPeerLost(Node(lost), gone));
        }
    }

    private static NodeId Node(int machine) => new((ulong)machine + 1);

    private sealed class Connection(SimProcess lower, SimProcess higher)
    {
        public List<IBreakable> Calls { get; } = [];

        /// <summary>The process at the end of <paramref name="one"/>.</summary>
        public SimProcess Of(int one, int other) => one < other ? lower : higher;
    }
}
