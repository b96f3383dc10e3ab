using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Configuration;
using Parley.Server.Messages;

namespace Parley.Server.Tests.Messages;

/// <summary>The store of texts that wait: what it keeps over a restart, and what it counts.</summary>
public sealed class MessageStoreTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_stored_is_there_after_a_restart_in_its_order()
    {
        using (MessageStore store = Open())
        {
            foreach (string text in new[] { "one", "two" }) Save(store, text);
        }

        using MessageStore again = Open();
        Assert.Equal(2, again.Count);
        Assert.True(again.HasFor("bob@example.com"u8));
        Assert.False(again.HasFor("alice@example.com"u8));
        IReadOnlyList<StoredMessage> taken = Take(again)!;
        Assert.Equal(["one", "two"], taken.Select(message => Encoding.UTF8.GetString(message.Body)));
        Assert.Null(Take(again));       // under delivery
        again.Delete(taken[0]);
        again.EndDelivery("bob@example.com");
        again.RunPending();
        Assert.Equal(["two"], Take(again)!.Select(message => Encoding.UTF8.GetString(message.Body)));
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public void What_has_expired_is_gone_at_a_start()
    {
        using (MessageStore store = Open()) Save(store, "old");
        _time.Advance(TimeSpan.FromHours(2));
        using MessageStore again = Open();
        Assert.Equal(0, again.Count);
        Assert.False(again.HasFor("bob@example.com"u8));
    }

    private static IReadOnlyList<StoredMessage>? Take(MessageStore store)
    {
        IReadOnlyList<StoredMessage>? taken = null;
        store.TryTake("bob@example.com", messages => taken = messages);
        store.RunPending();
        return taken;
    }

    private MessageStore Open() => new(_folder.Path, _time, NullLogger.Instance);

    private void Save(MessageStore store, string text)
    {
        bool? isSaved = null;
        DateTimeOffset now = _time.GetUtcNow();
        Assert.True(store.TrySave(new StoredMessage("bob@example.com", "<sip:alice@example.com>", "text/plain", Encoding.UTF8.GetBytes(text), now, now + TimeSpan.FromHours(1)), new MessageOptions(), done => isSaved = done));
        store.RunPending();
        Assert.True(isSaved);
    }
}
