using RaftDb.Server.Transport;
using RaftDb.Simulation.Nodes;
using RaftDb.Storage;

namespace RaftDb.Simulation.Network;

/// <summary>Something that fails when its connection breaks.</summary>
internal interface IBreakable
{
    void Break();
}

/// <summary>One request over a connection, from the machine that asks to the one that answers and back. Nothing is lost on a connection: while a direction is cut it is sent again and again,
/// and when that lasts the connection breaks.</summary>
internal sealed class RemoteCall<T>(SimProcess sender, SimNetwork network, ConnectionWatch connections, int target, Func<SimProcess, ValueTask<T>> work) : IBreakable
{
    private const long SentAgainAfter = 200_000_000;

    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public void Begin(TimeSpan timeout, CancellationToken cancel)
    {
        connections.Add(sender.Machine.Index, target, this);
        sender.AfterOwn(timeout, Break);
        cancel.UnsafeRegister(static call => ((RemoteCall<T>)call!).Abandon(), this);
        Ask(connections.Peer(sender.Machine.Index, target));
    }

    private void Ask(SimProcess receiver)
    {
        if (network.Arrival(sender.Machine.Index, target) is { } arrival)
        {
            receiver.At(arrival, () => _ = ServeAsync(receiver));
        }
        else
        {
            SendAgain(sender, () => Ask(receiver));
        }
    }

    private void SendAgain(SimProcess from, Action send) => from.After(SentAgainAfter, () =>
    {
        if (!_completion.Task.IsCompleted)
        {
            send();
        }
    });

    public void Break() => End(() => _completion.TrySetException(new PeerUnreachableException($"the connection to node {target + 1} went", notSent: false)));

    private void Abandon() => End(() => _completion.TrySetCanceled());

    private async Task ServeAsync(SimProcess receiver)
    {
        T result;
        try
        {
            result = await work(receiver);
        }
        catch (Exception e) when (e is IOException or StorageRefusedException)
        {
            receiver.World.Marks.Hit("calls that failed at the other side");
            Answer(receiver, Break);
            return;
        }
        catch (Exception e)
        {
            receiver.Fail(e);
            return;
        }

        Answer(receiver, () => End(() => _completion.TrySetResult(result)));
    }

    private void Answer(SimProcess receiver, Action answer)
    {
        if (network.Arrival(target, sender.Machine.Index) is { } arrival)
        {
            sender.At(arrival, answer);
        }
        else
        {
            SendAgain(receiver, () => Answer(receiver, answer));
        }
    }

    private void End(Action end)
    {
        connections.Remove(sender.Machine.Index, target, this);
        end();
    }
}
