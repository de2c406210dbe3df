using System.Text;
using RaftDb.Server.Api.Resp.Commands;

namespace RaftDb.Tests.Server.Api.Resp;

public class GlobPatternTests
{
    [TestCase("*", "", true)]
    [TestCase("*", "anything", true)]
    [TestCase("", "", true)]
    [TestCase("", "a", false)]
    [TestCase("user:*", "user:1", true)]
    [TestCase("user:*", "use", false)]
    [TestCase("a*b*c", "a1b2b3c", true)]
    [TestCase("a*b*c", "a1b2b3", false)]
    [TestCase("h?llo", "hello", true)]
    [TestCase("h?llo", "hllo", false)]
    [TestCase("h[ae]llo", "hallo", true)]
    [TestCase("h[ae]llo", "hillo", false)]
    [TestCase("h[^e]llo", "hello", false)]
    [TestCase("h[^e]llo", "hallo", true)]
    [TestCase("[a-c][c-a]", "ba", true)]
    [TestCase("[a-c]", "d", false)]
    [TestCase("a\\*b", "a*b", true)]
    [TestCase("a\\*b", "axb", false)]
    [TestCase("[\\]]", "]", true)]
    [TestCase("[abc", "b", true)]
    [TestCase("a\\", "a\\", true)]
    public void A_pattern_matches_as_redis_says(string pattern, string key, bool matches) =>
        Assert.That(Pattern(pattern).Matches(Encoding.UTF8.GetBytes(key)), Is.EqualTo(matches));

    [TestCase("user:*", "user:")]
    [TestCase("a\\*b?c", "a*b")]
    [TestCase("[a]b", "")]
    [TestCase("plain", "plain")]
    public void What_a_pattern_begins_with_bounds_the_scan(string pattern, string prefix) =>
        Assert.That(Encoding.UTF8.GetString(Pattern(pattern).Prefix()), Is.EqualTo(prefix));

    [Test]
    public void Many_stars_take_no_more_than_their_share_of_time()
    {
        GlobPattern pattern = Pattern(string.Concat(Enumerable.Repeat("*a", 200)) + "b");
        Assert.That(pattern.Matches(Encoding.ASCII.GetBytes(new string('a', 4096))), Is.False);
    }

    [Test]
    public void The_end_of_a_prefix_is_behind_all_that_begin_with_it()
    {
        Assert.That(KeyBounds.Behind([0x61, 0xff, 0xff])?.ToArray(), Is.EqualTo(new byte[] { 0x62 }));
        Assert.That(KeyBounds.Behind([0x61])?.ToArray(), Is.EqualTo(new byte[] { 0x62 }));
        Assert.That(KeyBounds.Behind([0xff]), Is.Null);
        Assert.That(KeyBounds.Behind([]), Is.Null);
    }

    private static GlobPattern Pattern(string pattern) => new(Encoding.UTF8.GetBytes(pattern));
}
