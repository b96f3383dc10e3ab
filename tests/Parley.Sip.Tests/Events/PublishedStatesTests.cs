using System.Text;
using Parley.Core;
using Parley.Sip.Events;

namespace Parley.Sip.Tests.Events;

/// <summary>Entity tags, row by row of RFC 3903 table 1, and their ends.</summary>
public sealed class PublishedStatesTests
{
    private readonly PublishedStates _states = new(maxStates: 2);
    private int _tags;

    [Fact]
    public void Initial_refresh_modify_and_remove()
    {
        Assert.Equal(PublishResult.Changed, Publish(0, "", 60, "a"));
        Assert.Equal(PublishResult.Unchanged, Publish(10, "1", 60, null));
        Assert.Equal(PublishResult.NoMatch, Publish(10, "1", 60, null));        // each success has a tag of its own
        Assert.Equal(PublishResult.Changed, Publish(20, "2", 60, "b"));
        Assert.Equal("b", Encoding.UTF8.GetString(_states.States.Single().Body));
        Assert.Equal(Instant.Zero + TimeSpan.FromSeconds(80), _states.NextExpiry);
        Assert.Equal(PublishResult.Changed, Publish(30, "4", 0, null));
        Assert.Empty(_states.States);
    }

    [Theory]
    [InlineData("", null, PublishResult.NoBody)]
    [InlineData("9", null, PublishResult.NoMatch)]
    [InlineData("9", "x", PublishResult.NoMatch)]
    public void What_names_nothing_or_says_nothing_is_refused(string tag, string? body, PublishResult expected) => Assert.Equal(expected, Publish(0, tag, 60, body));

    [Fact]
    public void What_expires_is_gone_and_its_tag_with_it()
    {
        Publish(0, "", 60, "a");
        Assert.False(_states.RemoveExpired(Instant.Zero + TimeSpan.FromSeconds(59)));
        Assert.Equal(PublishResult.NoMatch, Publish(60, "1", 60, null));
        Assert.True(_states.NextExpiry.IsNever);
    }

    [Fact]
    public void There_are_as_many_as_there_may_be()
    {
        Publish(0, "", 60, "a");
        Publish(0, "", 60, "b");
        Assert.Equal(PublishResult.TooMany, Publish(0, "", 60, "c"));
        Assert.Equal(PublishResult.Changed, Publish(61, "", 60, "c"));
    }

    private PublishResult Publish(double at, string ifMatch, double seconds, string? body) => _states.Apply(
        Instant.Zero + TimeSpan.FromSeconds(at),
        Encoding.UTF8.GetBytes(ifMatch),
        TimeSpan.FromSeconds(seconds),
        body is null ? null : Encoding.UTF8.GetBytes(body),
        Encoding.UTF8.GetBytes($"{++_tags}"),
        "phone");
}
