using Parley.Core;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Protection;

namespace Parley.Server.Tests.Protection;

/// <summary>Bans in the data folder: kept, listed, lifted while a server runs.</summary>
public sealed class BanStoreTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress Source = NetworkAddress.FromIPv4(0xC6336407, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-bans-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Ban NewBan(string user = "alice@example.com", TimeSpan? length = null)
    {
        DateTimeOffset now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        return new Ban(Source, user, 5060, 10, now, now + (length ?? TimeSpan.FromHours(1)), 2);
    }

    [Fact]
    public void What_is_written_is_listed_until_it_is_over_or_lifted()
    {
        using var store = new BanStore(_folder);
        Ban ban = NewBan(), all = ban with { User = "" };
        store.Put([ban, all]);
        using var other = new BanStore(_folder);
        Assert.Equal([all, ban], other.List(ban.Since));
        Assert.Empty(other.List(ban.Until));
        Assert.Equal(2, other.Lift(Source.WithPort(5060), ban.Since));
        Assert.Equal(0, other.Lift(Source, ban.Since));
        Assert.Empty(store.List(ban.Since));
    }

    [Fact]
    public async Task A_server_takes_up_bans_and_lifts_what_is_lifted()
    {
        using (var store = new BanStore(_folder)) store.Put([NewBan(), NewBan("bob@example.com", TimeSpan.FromSeconds(-1))]);
        var state = new ServerState(
            new ParleyConfiguration { DataFolder = _folder }, null!, null!, ServerKeys.CreateRandom(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        using var keeper = new BanKeeper(state, TimeProvider.System);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Assert.Equal("alice@example.com", Assert.Single(state.Guard.Bans(now)).User);
        Assert.True(state.Guard.Refuses(Source.WithPort(5060), now));

        for (int i = 0; i < 10; i++) state.Guard.OnFailed(state.Configuration, Source.WithPort(5070), "carol@example.com"u8, now);
        using var people = new BanStore(_folder);
        await UntilAsync(() => people.List(now).Count == 2);
        Assert.Equal(2, people.Lift(Source, now));
        await UntilAsync(() => state.Guard.Bans(now).Count == 0);
        Assert.False(state.Guard.IsActive);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }
}
