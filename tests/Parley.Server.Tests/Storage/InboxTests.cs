using Parley.Server.Storage;

namespace Parley.Server.Tests.Storage;

public sealed class InboxTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Items_come_out_in_the_order_they_went_in()
    {
        using var inbox = new Inbox<Item>(10);
        for (int i = 0; i < 3; i++) Assert.True(inbox.TryAdd(new Item(0, i)));
        Assert.Equal([0, 1, 2], Numbers(inbox.TakeAll()));
        Assert.Null(inbox.TakeAll());
    }

    [Fact]
    public void A_full_inbox_refuses_until_an_item_is_done()
    {
        using var inbox = new Inbox<Item>(2);
        Assert.True(inbox.TryAdd(new Item(0, 0)));
        Assert.True(inbox.TryAdd(new Item(0, 1)));
        Assert.False(inbox.TryAdd(new Item(0, 2)));
        inbox.TakeAll();
        Assert.False(inbox.TryAdd(new Item(0, 2)));
        inbox.Done();
        Assert.True(inbox.TryAdd(new Item(0, 2)));
    }

    [Fact]
    public void A_closed_inbox_gives_what_waited_and_refuses_the_rest()
    {
        using var inbox = new Inbox<Item>(10);
        Assert.True(inbox.TryAdd(new Item(0, 0)));
        Assert.Equal([0], Numbers(inbox.TakeAllAndClose()));
        Assert.False(inbox.TryAdd(new Item(0, 1)));
    }

    [Fact]
    public async Task Nothing_is_lost_or_overtaken_when_many_threads_add()
    {
        const int Threads = 4, PerThread = 20_000;
        using var inbox = new Inbox<Item>(Threads * PerThread);
        Task adding = Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < PerThread; i++) Assert.True(inbox.TryAdd(new Item(thread, i)));
        })));

        int[] next = new int[Threads];
        while (next.Sum() < Threads * PerThread)
        {
            inbox.Wait(Limit);
            for (Item? item = inbox.TakeAll(); item is not null; item = (Item?)item.Next)
            {
                Assert.Equal(next[item.Thread]++, item.Number);
                inbox.Done();
            }
        }

        await adding;
    }

    private static IEnumerable<int> Numbers(Item? first)
    {
        for (; first is not null; first = (Item?)first.Next) yield return first.Number;
    }

    private sealed class Item(int thread, int number) : InboxItem
    {
        public int Thread => thread;

        public int Number => number;
    }
}
