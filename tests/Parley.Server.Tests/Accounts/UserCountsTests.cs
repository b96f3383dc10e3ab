using System.Text;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Events;

namespace Parley.Server.Tests.Accounts;

/// <summary>What is counted for users, and that asking for it is free.</summary>
public sealed class UserCountsTests
{
    private static readonly byte[] Alice = Encoding.UTF8.GetBytes("alice@example.com");
    private static readonly byte[] Bob = Encoding.UTF8.GetBytes("bob@example.com");

    private readonly UserCounts _counts = new();

    [Fact]
    public void A_user_is_there_until_the_last_is_taken_away()
    {
        _counts.Add("bob@example.com", 2);
        _counts.Add("bob@example.com", -1);
        Assert.True(_counts.HasAny(Bob));
        Assert.False(_counts.HasAny(Alice));
        Assert.Equal((1, 0), (_counts.Of("bob@example.com"), _counts.Of("alice@example.com")));
        _counts.Add("bob@example.com", -1);
        Assert.False(_counts.HasAny(Bob));
        Assert.Equal(0, _counts.Of("bob@example.com"));
    }

    [Fact]
    public void There_are_never_fewer_than_none()
    {
        _counts.Add("bob@example.com", -1);
        _counts.Add("bob@example.com", 1);
        Assert.Equal(1, _counts.Of("bob@example.com"));
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        _counts.Add("bob@example.com", 1);
        AssertAllocatesNothing(() => Assert.True(_counts.HasAny(Bob) && !_counts.HasAny(Alice)));
    }

    [Fact]
    public void A_registration_of_whom_nobody_watches_allocates_nothing_while_others_are_watched()
    {
        var events = new EventStates();
        Assert.True(events.TryWatch(new ResourceName("presence", "bob@example.com"), new Watcher(1, "alice@example.com", 0), new EventOptions()));
        Assert.True(events.TryWatch(new ResourceName("message-summary", "alice@example.com"), new Watcher(2, "alice@example.com", 0), new EventOptions()));
        AssertAllocatesNothing(() => events.OnRegistered(Alice));
    }

    /// <summary>The least of a few attempts: another test that has the collector run meanwhile makes the rest of this thread's allocation window count as used.</summary>
    private static void AssertAllocatesNothing(Action work)
    {
        work();
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5 && least != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++) work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
