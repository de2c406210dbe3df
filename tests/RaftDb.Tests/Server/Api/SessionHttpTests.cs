using RaftDb.Server.Ranges;
using RaftDb.Storage.StateMachines.Sessions;

namespace RaftDb.Tests.Server.Api;

/// <summary>Sessions over HTTP: where ids come from, and what of the headers reaches the router.</summary>
internal sealed class SessionHttpTests
{
    private static readonly SessionId Id = new(new UInt128(0x0011223344556677, 0x8899AABBCCDDEEFF));
    private static readonly string[] Headers = ["RaftDb-Session: 00112233445566778899aabbccddeeff", "RaftDb-Sequence: 7", "RaftDb-Acknowledged: 5"];
    private ApiHost _host = null!;

    [SetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(new("m"));

    [TearDown]
    public ValueTask StopAsync() => _host.DisposeAsync();

    [TestCase("", "0000000003e87d5b8000000000000001")]
    [TestCase("{}", "0000000003e87d5b8000000000000001")]
    [TestCase("""{"session":null}""", "0000000003e87d5b8000000000000001")]
    [TestCase("""{"session":"00112233-4455-6677-8899-AABBCCDDEEFF"}""", "00112233445566778899aabbccddeeff")]
    public async Task A_session_is_given_or_chosen(string body, string session)
    {
        RawAnswer answer = await _host.PostAsync("/v1/sessions", body);
        Assert.That((answer.Status, answer.Text), Is.EqualTo((200, $$"""{"session":"{{session}}"}""")));
    }

    [TestCase("""{"session":"0011"}""")]
    [TestCase("""{"session":17}""")]
    [TestCase("""{"session":""")]
    [TestCase("[]")]
    public async Task A_session_that_is_none_is_refused(string body)
    {
        RawAnswer answer = await _host.PostAsync("/v1/sessions", body);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }

    [Test]
    public async Task Every_write_carries_the_session()
    {
        await _host.PutAsync("/v1/kv/a", "v", Headers);
        await _host.DeleteAsync("/v1/kv/a", Headers);
        await _host.PostAsync("/v1/txn", """{"then":[{"increment":{"key":"n","by":1}}]}""", Headers);
        Assert.That(_host.Router.Writes.Select(write => write.Session), Is.All.EqualTo(new SessionWrite(Id, 7, 5)));
        Assert.That(_host.Router.Writes, Has.Count.EqualTo(3));
        await _host.PutAsync("/v1/kv/a", "v");
        Assert.That(_host.Router.Writes[^1].Session, Is.Null);
        await _host.PutAsync("/v1/kv/a", "v", Headers[0], Headers[1]);
        Assert.That(_host.Router.Writes[^1].Session, Is.EqualTo(new SessionWrite(Id, 7, 0)), "nothing is said to be answered");
    }

    [Test]
    public async Task The_writes_of_a_batch_are_parts_named_by_their_first_operation()
    {
        await _host.PostAsync("/v1/batch", """{"ops":[{"put":{"key":"z","value":"1"}},{"put":{"key":"a","value":"2"}},{"put":{"key":"y","value":"3"}}]}""", Headers);
        Assert.That(
            _host.Router.Writes.Select(write => (write.Session, write.Then.Count)),
            Is.EquivalentTo(new[] { ((SessionWrite?)new SessionWrite(Id, 7, 5, 0), 2), (new SessionWrite(Id, 7, 5, 1), 1) }));
    }

    [Test]
    public async Task Reads_may_carry_it_too()
    {
        await _host.PutAsync("/v1/kv/a", "v");
        Assert.That((await _host.GetAsync("/v1/kv/a", Headers)).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task An_expired_session_is_a_conflict()
    {
        _host.Router.Failures[0] = new(ErrorCode.SessionExpired, "The session has expired.");
        RawAnswer answer = await _host.PutAsync("/v1/kv/a", "v", Headers);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((409, "session_expired")));
    }
}
