using System.Text.Json;

namespace RaftDb.Tests.Server.Api;

public class IdTests
{
    [TestCase("/v1/id", 1)]
    [TestCase("/v1/id?count=1000", 1000)]
    public async Task Ids_ascend_and_are_text(string target, int count)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        List<long> all = [];
        for (int i = 0; i < 2; i++)
        {
            RawAnswer answer = await host.GetAsync(target);
            Assert.That(answer.Status, Is.EqualTo(200));
            all.AddRange(JsonDocument.Parse(answer.Body).RootElement.GetProperty("ids").EnumerateArray().Select(id => long.Parse(id.GetString()!)));
        }

        Assert.That(all, Has.Count.EqualTo(2 * count).And.Ordered.Ascending.And.Unique);
    }

    [TestCase("/v1/id?count=0")]
    [TestCase("/v1/id?count=4097")]
    [TestCase("/v1/id?count=x")]
    [TestCase("/v1/id?limit=1")]
    public async Task A_count_that_makes_no_sense_is_refused(string target)
    {
        await using ApiHost host = await ApiHost.StartAsync();
        RawAnswer answer = await host.GetAsync(target);
        Assert.That((answer.Status, answer.Code), Is.EqualTo((400, "invalid_argument")));
    }
}
