using System.Runtime.CompilerServices;
using RaftDb.Raft;
using RaftDb.Server.Replicas;
using RaftDb.Server.Transport;
using RaftDb.Storage;
using RaftDb.Storage.StateMachines.Commands;
using RaftDb.Storage.StateMachines.Reads;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Server.Ranges;

/// <summary>Takes requests to the replica that can answer them. While a range has no leader a request waits for one, until its deadline.</summary>
internal sealed class RequestRouter(
    NodeId node, RangeMap map, LocalReplicas replicas, ITransport transport, INodeClock clock, Func<HybridTimestamp> logTime, CommandLimits limits,
    TimeProvider time)
    : IRequestRouter
{
    private readonly LocalReads _reads = new(node, clock);
    private readonly LocalWrites _writes = new(node);
    private readonly ForwardedRequests _forwarded = new(node, replicas, clock);

    public Deadline DeadlineIn(TimeSpan timeout) => new(clock.Now + timeout);

    public RangeDescriptor RangeOf(ReadOnlySpan<byte> key) => map.Of(key);

    /// <summary>For how long changes are kept after somebody has asked for it last.</summary>
    public TimeSpan ChangesKept { get; init; } = TimeSpan.FromMinutes(10);

    public SessionId MintSession() => SessionId.Mint(logTime());

    /// <summary>The truth about a range is in its own state, where this node has it: its replicas may have moved.</summary>
    private RangeDescriptor Current(RangeDescriptor range) => replicas.FindServing(range.Id)?.State.Machine.Descriptor ?? range;

    public async ValueTask<Outcome<WriteAnswer>> WriteAsync(WriteRequest request, Deadline deadline, CancellationToken cancel)
    {
        if (RangeOfAll(request, out RangeDescriptor? range) is { } crossRange)
        {
            return crossRange;
        }

        if (request.Ack == AckMode.Leader && !IsUnconditional(request))
        {
            return new RequestError(
                ErrorCode.InvalidArgument, "ack=leader is only for unconditional puts, deletes and batches of them. Use ack=quorum.");
        }

        if (request.Session is { } session && (request.Ack == AckMode.Leader || !session.IsValid))
        {
            return new RequestError(
                ErrorCode.InvalidArgument,
                request.Ack == AckMode.Leader
                    ? "ack=leader is for writes outside of a session: what it answers may be lost, and then nothing could be repeated. Use ack=quorum."
                    : $"A sequence is from 1 to {SessionWrite.MaxSequence}, and the lowest one unanswered is not above it.");
        }

        TransactionCommand command = new(logTime(), range!.Generation, request.Conditions, request.Then, request.Else, request.Session);
        if (limits.Validate(command) is { } problem)
        {
            return new RequestError(problem.IsTooLarge ? ErrorCode.TooLarge : ErrorCode.InvalidArgument, problem.ToString());
        }

        ReadOnlyMemory<byte> bytes = CommandCodec.Encode(command);
        if (request.Session is null)
        {
            return await AtLeaderAsync(
                range,
                deadline,
                replica => _writes.WriteAsync(replica, bytes, request.Ack, deadline),
                (peer, timeout, waits) => ForwardWriteAsync(peer, range.Id, request.Ack, bytes, timeout, waits, cancel),
                cancel);
        }

        RepeatedWrite tries = new();
        return tries.Ended(await AtLeaderAsync(
            range,
            deadline,
            async replica => tries.Tried(await _writes.WriteAsync(replica, bytes, request.Ack, deadline)),
            async (peer, timeout, waits) => tries.Tried(await ForwardWriteAsync(peer, range.Id, request.Ack, bytes, timeout, waits, cancel)),
            cancel));
    }

    public ValueTask<Outcome<GetAnswer>> GetAsync(
        ReadOnlyMemory<byte> key, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        if (key.IsEmpty || key.Length > limits.MaxKeyBytes)
        {
            return ValueTask.FromResult<Outcome<GetAnswer>>(
                key.IsEmpty
                    ? new RequestError(ErrorCode.InvalidArgument, "The key is empty; keys have at least one byte.")
                    : new RequestError(ErrorCode.TooLarge, $"The key has {key.Length} bytes; at most {limits.MaxKeyBytes} are allowed."));
        }

        RangeDescriptor range = map.Of(key.Span);
        return ReadAsync(
            range,
            options,
            deadline,
            replica => _reads.GetAsync(replica, key, options, deadline),
            async (peer, timeout, waits) => PeerRequestCodec.DecodeGetAnswer(
                await transport.RequestAsync(peer, PeerRequestKind.Get, PeerRequestCodec.EncodeGet(range.Id, key, options), timeout, waits)),
            cancel);
    }

    public HybridTimestamp LogTime => logTime();

    public ValueTask<Outcome<WriteAnswer>> WriteBatchAsync(RangeDescriptor range, BatchWriter items, AckMode ack, Deadline deadline, CancellationToken cancel)
    {
        if (items.Operations > limits.MaxOperations || items.CommandBytes(range.Generation) > limits.MaxCommandBytes)
        {
            return ValueTask.FromResult<Outcome<WriteAnswer>>(new RequestError(
                ErrorCode.TooLarge,
                $"{items.Operations} operations of {items.Bytes} bytes are over the limit of {limits.MaxOperations} operations or {limits.MaxCommandBytes} bytes for one log entry."));
        }

        byte[] command = items.ToCommand(logTime(), range.Generation);
        if (items.ItemsInSessions || items.Session is not null)
        {
            return RepeatedBatchAsync(range, command, ack, deadline, cancel);
        }

        return replicas.FindServing(range.Id) is { Leadership.IsLeader: true } own
            ? BatchHereAsync(own, range, command, ack, deadline, cancel)
            : BatchAtLeaderAsync(range, command, ack, null, deadline, cancel);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome<WriteAnswer>> BatchHereAsync(
        Replica own, RangeDescriptor range, byte[] command, AckMode ack, Deadline deadline, CancellationToken cancel)
    {
        Outcome<WriteAnswer> outcome = await _writes.WriteAsync(own, command, ack, deadline);
        return outcome.Error?.Code == ErrorCode.NotLeader ? await BatchAtLeaderAsync(range, command, ack, null, deadline, cancel) : outcome;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome<WriteAnswer>> RepeatedBatchAsync(
        RangeDescriptor range, byte[] command, AckMode ack, Deadline deadline, CancellationToken cancel)
    {
        RepeatedWrite tries = new();
        if (replicas.FindServing(range.Id) is { Leadership.IsLeader: true } own)
        {
            Outcome<WriteAnswer> outcome = tries.Tried(await _writes.WriteAsync(own, command, ack, deadline));
            if (outcome.Error?.Code != ErrorCode.NotLeader)
            {
                return outcome;
            }
        }

        return tries.Ended(await BatchAtLeaderAsync(range, command, ack, tries, deadline, cancel));
    }

    private ValueTask<Outcome<WriteAnswer>> BatchAtLeaderAsync(
        RangeDescriptor range, byte[] command, AckMode ack, RepeatedWrite? tries, Deadline deadline, CancellationToken cancel) =>
        AtLeaderAsync(
            range,
            deadline,
            async replica => Tried(tries, await _writes.WriteAsync(replica, command, ack, deadline)),
            async (peer, timeout, waits) => Tried(tries, await ForwardWriteAsync(peer, range.Id, ack, command, timeout, waits, cancel)),
            cancel);

    private static Outcome<WriteAnswer> Tried(RepeatedWrite? tries, Outcome<WriteAnswer> outcome) => tries is null ? outcome : tries.Tried(outcome);

    public ValueTask<Outcome<GetManyAnswer>> GetManyAsync(
        RangeDescriptor range, IReadOnlyList<ReadOnlyMemory<byte>> keys, ReadOptions options, Deadline deadline, CancellationToken cancel) =>
        options.Replica.Kind == ReplicaChoiceKind.Any && replicas.FindVoter(range.Id) is { } own
            ? _reads.GetManyAsync(own, keys, options, deadline)
            : ReadAsync(
                range,
                options,
                deadline,
                replica => _reads.GetManyAsync(replica, keys, options, deadline),
                async (peer, timeout, waits) => PeerRequestCodec.DecodeGetManyAnswer(await transport.RequestAsync(
                    peer, PeerRequestKind.GetMany, PeerRequestCodec.EncodeGetMany(range.Id, keys, options), timeout, waits)),
                cancel);

    public ValueTask<Outcome<ScanAnswer>> ScanAsync(ScanQuery query, ReadOptions options, Deadline deadline, CancellationToken cancel)
    {
        RangeDescriptor range = query.Reverse ? map.Before(query.End) : map.Of(query.Start.Span);
        return ReadAsync(
            range,
            options,
            deadline,
            replica => _reads.ScanAsync(replica, query, options, deadline),
            async (peer, timeout, waits) => PeerRequestCodec.DecodeScanAnswer(
                await transport.RequestAsync(peer, PeerRequestKind.Scan, PeerRequestCodec.EncodeScan(range.Id, query, options), timeout, waits)),
            cancel);
    }

    public async ValueTask<RequestError?> TransferAsync(RangeId id, NodeId to, Deadline deadline, CancellationToken cancel)
    {
        if (map.Find(id) is not { } range)
        {
            return new RequestError(ErrorCode.NotFound, $"There is no range {id}. See /v1/ranges.");
        }

        range = Current(range);
        if (range.ReplicaOn(to).IsNone)
        {
            return new RequestError(
                ErrorCode.InvalidArgument,
                $"Range {id} has no replica on node {to}; its replicas are on nodes {string.Join(", ", range.Replicas.Select(r => r.Node))}.");
        }

        Outcome<WriteAnswer> outcome = await AtLeaderAsync<WriteAnswer>(
            range,
            deadline,
            async replica => await LocalTransfers.RunAsync(replica, to) is { } error ? error : TransferDone(range.Id),
            async (peer, timeout, waits) => PeerRequestCodec.DecodeError(
                await transport.RequestAsync(peer, PeerRequestKind.Transfer, PeerRequestCodec.EncodeTransfer(id, to), timeout, waits)) is { } error
                ? error
                : TransferDone(range.Id),
            cancel);
        return outcome.Error;
    }

    /// <summary>Has the changes of a range kept for a while; the answer's entry is the first whose changes are for sure.</summary>
    public ValueTask<Outcome<WriteAnswer>> KeepChangesAsync(RangeId id, Deadline deadline, CancellationToken cancel)
    {
        HybridTimestamp now = logTime();
        RangeDescriptor range = map.Find(id)!;
        ReadOnlyMemory<byte> bytes = CommandCodec.Encode(new KeepChangesCommand(now, range.Generation, now.Milliseconds + (long)ChangesKept.TotalMilliseconds));

        // To do this twice is as good as once, so that no doubt is left.
        RepeatedWrite tries = new();
        return AtLeaderAsync(
            range,
            deadline,
            async replica => tries.Tried(await _writes.WriteAsync(replica, bytes, AckMode.Quorum, deadline)),
            async (peer, timeout, waits) => tries.Tried(await ForwardWriteAsync(peer, id, AckMode.Quorum, bytes, timeout, waits, cancel)),
            cancel);
    }

    /// <summary>Serves a request that another node forwarded: here or not at all.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ServeAsync(PeerRequestKind kind, ReadOnlyMemory<byte> payload, TimeSpan timeout) =>
        _forwarded.ServeAsync(kind, payload, DeadlineIn(timeout));

    private static WriteAnswer TransferDone(RangeId range) => new(default, range, default, true, null);

    private static bool IsUnconditional(WriteRequest request) =>
        request.Conditions.Count == 0 && request.Else.Count == 0
        && request.Then.All(operation => operation.Kind is OperationKind.Put or OperationKind.Delete);

    private async ValueTask<Outcome<WriteAnswer>> ForwardWriteAsync(
        NodeId peer, RangeId range, AckMode ack, ReadOnlyMemory<byte> command, TimeSpan timeout, CancellationToken waits, CancellationToken cancel)
    {
        string doubt;
        try
        {
            return PeerRequestCodec.DecodeWriteAnswer(
                await transport.RequestAsync(peer, PeerRequestKind.Write, PeerRequestCodec.EncodeWrite(range, ack, command), timeout, waits));
        }
        catch (PeerUnreachableException e) when (!e.NotSent && !Mutants.UnknownWritesRepeated)
        {
            doubt = e.Message;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && !Mutants.UnknownWritesRepeated)
        {
            doubt = "another node leads by now";
        }

        return new RequestError(
            ErrorCode.OutcomeUnknown,
            $"The write was forwarded to node {peer}, which did not answer ({doubt}): it may or may not be done. Read before you repeat it.");
    }

    /// <summary>The one range of all keys of a write, or why there is none.</summary>
    private RequestError? RangeOfAll(WriteRequest request, out RangeDescriptor? range)
    {
        range = null;
        foreach (Condition condition in request.Conditions)
        {
            range ??= map.Of(condition.Key.Span);
            if (!range.Contains(condition.Key.Span))
            {
                return CrossRange(range);
            }
        }

        foreach (IReadOnlyList<Operation> operations in (ReadOnlySpan<IReadOnlyList<Operation>>)[request.Then, request.Else])
        {
            for (int i = 0; i < operations.Count; i++)
            {
                Operation operation = operations[i];
                range ??= map.Of(operation.Key.Span);
                if (!range.Contains(operation.Key.Span))
                {
                    return CrossRange(range);
                }

                if (operation.Kind == OperationKind.DeleteRange && range.End is { } end
                    && (operation.End.IsEmpty || operation.End.Span.SequenceCompareTo(end.Span) > 0))
                {
                    return CrossRange(range);
                }
            }
        }

        return range is null ? new RequestError(ErrorCode.InvalidArgument, "There is nothing to do: no conditions and no operations.") : null;
    }

    private static RequestError CrossRange(RangeDescriptor range) =>
        new(ErrorCode.CrossRange, $"The keys lie in more than one range (the first in range {range.Id}); a transaction is atomic within one range. See /v1/ranges for the borders.");

    private async ValueTask<Outcome<T>> ReadAsync<T>(
        RangeDescriptor range,
        ReadOptions options,
        Deadline deadline,
        Func<Replica, ValueTask<Outcome<T>>> here,
        Func<NodeId, TimeSpan, CancellationToken, ValueTask<Outcome<T>>> there,
        CancellationToken cancel)
        where T : class
    {
        range = Current(range);
        if (options.Replica.Kind == ReplicaChoiceKind.Leader)
        {
            return await AtLeaderAsync(range, deadline, here, there, cancel);
        }

        if (options.Replica.Kind == ReplicaChoiceKind.Node && range.ReplicaOn(options.Replica.Node).IsNone)
        {
            return new RequestError(
                ErrorCode.InvalidArgument,
                $"Range {range.Id} has no replica on node {options.Replica.Node}; its replicas are on nodes {string.Join(", ", range.Replicas.Select(r => r.Node))}.");
        }

        int attempt = 0;
        Patience patience = new(time);
        while (true)
        {
            Replica? own = options.Replica.Kind == ReplicaChoiceKind.Node ? replicas.FindServing(range.Id) : replicas.FindVoter(range.Id);
            Leadership? known = own is { Halted: null } ? own.Leadership : null;
            NodeId? choice = Choose(range, own, options.Replica, attempt++);
            TimeSpan left = deadline.At - clock.Now;
            if (left <= TimeSpan.Zero)
            {
                return Unavailable(range);
            }

            if (choice == node)
            {
                return own is null
                    ? new RequestError(ErrorCode.Unavailable, $"The replica of range {range.Id} on node {node} is not used, see its status. Read from another one.")
                    : await here(own);
            }

            if (choice is { } peer)
            {
                try
                {
                    Outcome<T> outcome = await there(peer, left, cancel);
                    if (outcome.Error?.Code != ErrorCode.NotLeader)
                    {
                        return outcome;
                    }
                }
                catch (PeerUnreachableException e) when (options.Replica.Kind == ReplicaChoiceKind.Node)
                {
                    return new RequestError(ErrorCode.Unavailable, $"Node {peer} can't be reached: {e.Message} Read from another replica.");
                }
                catch (PeerUnreachableException)
                {
                    // Reads are safe to repeat: another replica is next.
                }
            }

            await patience.WaitAsync(known, deadline.At - clock.Now, cancel);
        }
    }

    /// <summary>The node whose replica serves a read; another one with each attempt, where there is a choice.</summary>
    private NodeId? Choose(RangeDescriptor range, Replica? own, ReplicaChoice choice, int attempt)
    {
        switch (choice.Kind)
        {
            case ReplicaChoiceKind.Node:
                return choice.Node;
            case ReplicaChoiceKind.Follower:
                NodeId? leader = own?.Leadership.Leader;
                if (own is { Halted: null } && leader != node && attempt == 0)
                {
                    return node;
                }

                NodeId[] followers = [.. Candidates(range, own).Where(n => n != leader && IsConnected(n))];
                return followers.Length == 0 ? null : followers[attempt % followers.Length];
            default:
                if (own is { Halted: null })
                {
                    return node;
                }

                NodeId[] others = [.. Candidates(range, own).Where(n => n != node && IsConnected(n))];
                return others.Length == 0 ? null : others[attempt % others.Length];
        }
    }

    /// <summary>Where replicas of a range should be; where there is none to ask here, then everybody else: they may have moved meanwhile.</summary>
    private IEnumerable<NodeId> Candidates(RangeDescriptor range, Replica? own)
    {
        IEnumerable<NodeId> known = range.Replicas.Select(r => r.Node);
        return own is { Halted: null } ? known : known.Union(transport.Peers.Select(p => p.Node));
    }

    private bool IsConnected(NodeId other) => transport.Peers.Any(p => p.Node == other && p.Connected);

    /// <summary>Runs something at the range's leader, wherever that is, waiting for one while there is none.</summary>
    private async ValueTask<Outcome<T>> AtLeaderAsync<T>(
        RangeDescriptor range,
        Deadline deadline,
        Func<Replica, ValueTask<Outcome<T>>> here,
        Func<NodeId, TimeSpan, CancellationToken, ValueTask<Outcome<T>>> there,
        CancellationToken cancel)
        where T : class
    {
        NodeId? hint = null;
        int hops = 0;
        int attempt = 0;
        Patience patience = new(time);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            TimeSpan left = deadline.At - clock.Now;
            if (left <= TimeSpan.Zero)
            {
                return Unavailable(range);
            }

            Replica? own = replicas.FindVoter(range.Id);
            Leadership? known = own?.Leadership;
            NodeId? leader = hint ?? known?.Leader;
            if (leader is null && own is null)
            {
                leader = Choose(range, own, default, attempt++);
            }

            hint = null;
            if (leader == node && own is not null)
            {
                Outcome<T> outcome = await here(own);
                if (outcome.Error?.Code != ErrorCode.NotLeader)
                {
                    return outcome;
                }
            }
            else if (leader is { } peer && peer != node)
            {
                using ReignWatch reign = new(known, peer, time, cancel);
                try
                {
                    Outcome<T> outcome = await there(peer, left, reign.Token);
                    if (outcome.Error?.Code != ErrorCode.NotLeader)
                    {
                        return outcome;
                    }

                    if (outcome.Error.Leader is { } better && better != peer && hops++ == 0)
                    {
                        hint = better;
                        continue;
                    }
                }
                catch (PeerUnreachableException)
                {
                    // It did not get there: wait for news of a leader.
                }
                catch (OperationCanceledException) when (reign.IsOver)
                {
                    // Another node leads by now.
                }
            }

            hops = 0;
            await patience.WaitAsync(known, deadline.At - clock.Now, cancel);
        }
    }

    private static RequestError Unavailable(RangeDescriptor range) =>
        new(
            ErrorCode.Unavailable,
            $"Range {range.Id} had no reachable leader within the deadline: a quorum of nodes {string.Join(", ", range.Replicas.Select(r => r.Node))} must be up. It was not done; retry.");
}
