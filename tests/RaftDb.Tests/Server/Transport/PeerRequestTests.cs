using RaftDb.Server.Transport;
using RaftDb.Storage;

namespace RaftDb.Tests.Server.Transport;

[TestFixture]
internal sealed class PeerRequestTests
{
    private List<TestNode> _nodes = [];

    [SetUp]
    public async Task Start() => _nodes = await TestNode.ClusterAsync(2, new());

    [TearDown]
    public async Task Stop()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Test]
    public async Task Many_requests_under_way_each_get_their_own_answer()
    {
        _nodes[1].Handler.Answer = static async (_, kind, payload, _) =>
        {
            await Task.Yield();
            return new byte[] { (byte)kind, payload.Span[0] };
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Scan, new[] { (byte)i }, Until.Limit, default).AsTask()));
        Assert.That(answers.Select((a, i) => a.Span[0] == (byte)PeerRequestKind.Scan && a.Span[1] == (byte)i), Is.All.True);
    }

    [Test]
    public async Task A_handler_that_throws_is_answered_as_a_failure_and_logged()
    {
        _nodes[1].Handler.Answer = static (_, _, _, _) => throw new InvalidOperationException("the reason");
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(async () => await AskAsync(Until.Limit));
        Assert.That((fault!.NotSent, fault.Message.Contains("the reason")), Is.EqualTo((false, true)));
        Assert.That(_nodes[1].Log.Errors, Has.Some.Contains("Answering a request"));
        Assert.That(_nodes[0].PeerOf(2).Connected, Is.True);
    }

    [Test]
    public async Task A_timeout_is_an_unknown_outcome_and_cancels_the_work_there()
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _nodes[1].Handler.Answer = async (_, _, _, cancel) =>
        {
            await using var registration = cancel.Register(() => cancelled.TrySetResult());
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return default;
        };
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(async () => await AskAsync(TimeSpan.FromSeconds(1)));
        Assert.That(fault!.NotSent, Is.False);
        await Until.DoneAsync(cancelled.Task, "the handler is cancelled");
    }

    [Test]
    public async Task Cancelling_a_request_ends_it_as_cancelled()
    {
        TaskCompletionSource<ReadOnlyMemory<byte>> never = new();
        _nodes[1].Handler.Answer = (_, _, _, _) => new(never.Task);
        using CancellationTokenSource cancel = new();
        var asking = _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Get, default, Until.Limit, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThatAsync(() => asking, Throws.InstanceOf<OperationCanceledException>());
        never.SetResult(default);
    }

    [Test]
    public async Task A_lost_process_fails_what_it_was_asked_as_an_unknown_outcome()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _nodes[1].Handler.Answer = async (_, _, _, cancel) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
            return default;
        };
        var asking = AskAsync(Until.Limit).AsTask();
        await Until.DoneAsync(asked.Task, "the request arrived");
        await _nodes[1].KillAsync();
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => Until.DoneAsync(asking, "the request fails"));
        Assert.That(fault!.NotSent, Is.False);

        await Until.TrueAsync(() => !_nodes[0].PeerOf(2).Connected, "disconnected");
        var unsent = await Assert.ThrowsAsync<PeerUnreachableException>(async () => await AskAsync(Until.Limit));
        Assert.That(unsent!.NotSent, Is.True);
    }

    [Test]
    public async Task A_node_that_is_no_member_is_unreachable()
    {
        var fault = await Assert.ThrowsAsync<PeerUnreachableException>(async () =>
            await _nodes[0].Transport.RequestAsync(new NodeId(9), PeerRequestKind.Get, default, Until.Limit, default));
        Assert.That(fault!.NotSent, Is.True);
    }

    [Test]
    public async Task An_answer_that_is_ready_goes_out_before_the_goodbye()
    {
        TaskCompletionSource<ReadOnlyMemory<byte>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _nodes[1].Handler.Answer = (_, _, _, _) =>
        {
            asked.TrySetResult();
            return new(new byte[1 << 20]);
        };
        var asking = AskAsync(Until.Limit).AsTask();
        await Until.DoneAsync(asked.Task, "the request arrived");
        Assert.That((await Until.DoneAsync(asking, "the answer")).Length, Is.EqualTo(1 << 20));
        await _nodes[1].Transport.DisposeAsync();
        Assert.That(_nodes[0].Handler.Lost.Count, Is.LessThanOrEqualTo(1));
        answer.SetResult(default);
    }

    private ValueTask<ReadOnlyMemory<byte>> AskAsync(TimeSpan timeout) =>
        _nodes[0].Transport.RequestAsync(new(2), PeerRequestKind.Get, default, timeout, default);
}
