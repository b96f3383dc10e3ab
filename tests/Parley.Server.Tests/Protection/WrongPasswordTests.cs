using Parley.Core;
using Parley.Server.Protection;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Protection;

/// <summary>Who guesses passwords is slowed down and shut out, and who shares his address is not.</summary>
public sealed class WrongPasswordTests : IDisposable
{
    private const string Attacker = "198.51.100.7";

    private readonly TestServer _server = new();

    public void Dispose() => _server.Dispose();

    private SourceGuard Guard => _server.State.Guard;

    private DateTimeOffset Now => _server.Network.Time.GetUtcNow();

    private static string Register(Peer peer, string user) =>
        peer.Request("REGISTER", "sip:example.com", to: $"<sip:{user}@example.com>", from: $"<sip:{user}@example.com>;tag=1", headers: $"Contact: <sip:{user}@{peer.Address}>\r\nExpires: 600\r\n");

    /// <summary>One guess: a REGISTER, its challenge, and the REGISTER with a password.</summary>
    /// <returns>The status, 0 when the second one is not answered, -1 when even the first one is not.</returns>
    private int Try(Peer peer, string user, string password)
    {
        string request = Register(peer, user);
        peer.Send(request);
        if (!_server.Network.Run(() => peer.Waiting > 0, TimeSpan.FromMilliseconds(200))) return -1;
        peer.Send(peer.Authorize(request, peer.ReceiveStatus(401), password, user));
        return _server.Network.Run(() => peer.Waiting > 0, TimeSpan.FromMilliseconds(200)) ? peer.Receive().Status : 0;
    }

    private void FailUntilBanned(Peer peer, string user)
    {
        for (int i = 0; i < 20 && Guard.Bans(Now).All(ban => ban.User != $"{user}@example.com"); i++)
        {
            Try(peer, user, "wrong");
            _server.Network.RunFor(TimeSpan.FromSeconds(17));       // the longest pause
        }

        Assert.Contains(Guard.Bans(Now), ban => ban.User == $"{user}@example.com");
    }

    [Theory]
    [InlineData("alice")]
    [InlineData("nobody")]
    public void Guesses_are_slowed_down_then_shut_out_whether_the_user_exists_or_not(string user)
    {
        using var attacker = new Peer(_server, Attacker + ":5060", user);
        Assert.Equal([403, 403, 403, 0, 0], [.. Enumerable.Range(0, 5).Select(_ => Try(attacker, user, "wrong"))]);
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(403, Try(attacker, user, "wrong"));        // and now 2 s
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Try(attacker, user, "wrong"));
        FailUntilBanned(attacker, user);
        Ban ban = Assert.Single(Guard.Bans(Now));
        Assert.Equal((Attacker, $"{user}@example.com", 10, (ushort)5060), (ban.ShownSource, ban.User, ban.Failures, ban.Port));
        Assert.Equal(-1, Try(attacker, user, TestServer.Password));     // dropped before any work, the right one too
    }

    [Fact]
    public void A_ban_ends_and_the_next_one_is_longer()
    {
        using var attacker = new Peer(_server, Attacker + ":5060");
        FailUntilBanned(attacker, "alice");
        Ban first = Assert.Single(Guard.Bans(Now));
        Assert.Equal(TimeSpan.FromMinutes(5), first.Until - first.Since);
        _server.Network.RunFor(first.Until - Now);
        Assert.Equal(200, Try(attacker, "alice", TestServer.Password));
        FailUntilBanned(attacker, "alice");
        Ban second = Assert.Single(Guard.Bans(Now));
        Assert.Equal((TimeSpan.FromMinutes(10), 2), (second.Until - second.Since, second.Times));
    }

    [Fact]
    public void Who_is_behind_the_same_address_goes_on()
    {
        using var alice = new Peer(_server, Attacker + ":5061", "alice");
        using var bob = new Peer(_server, Attacker + ":5062", "bob");
        using var attacker = new Peer(_server, Attacker + ":5070", "mallory");
        Assert.Equal(200, Try(alice, "alice", TestServer.Password));
        FailUntilBanned(attacker, "alice");
        Assert.Equal(-1, Try(attacker, "alice", "wrong"));
        Assert.Equal(200, Try(alice, "alice", TestServer.Password));        // whose password was guessed at
        Assert.Equal(200, Try(bob, "bob", TestServer.Password));        // who comes new
    }

    [Fact]
    public void A_source_that_tries_many_names_is_shut_out_as_a_whole()
    {
        using var attacker = new Peer(_server, Attacker + ":5060", "mallory");
        for (int i = 0; i < 100; i++) Assert.Equal(403, Try(attacker, $"user{i / 2}", "wrong"));
        Assert.Equal("", Assert.Single(Guard.Bans(Now)).User);
        using var other = new Peer(_server, Attacker + ":5999", "alice");
        Assert.Equal(-1, Try(other, "alice", TestServer.Password));
        Assert.True(Guard.RefusesConnection(TestServer.At(Attacker + ":1234"), Now));
        Assert.False(Guard.RefusesConnection(TestServer.At("198.51.100.8:1234"), Now));
    }

    [Fact]
    public void A_source_with_users_is_not_shut_out_but_new_flows_come_in_slowly()
    {
        using var alice = new Peer(_server, Attacker + ":5061", "alice");
        using var attacker = new Peer(_server, Attacker + ":5070", "mallory");
        using var bob = new Peer(_server, Attacker + ":5062", "bob");
        Assert.Equal(200, Try(alice, "alice", TestServer.Password));
        for (int i = 0; i < 100; i++) Assert.Equal(403, Try(attacker, $"user{i / 2}", "wrong"));
        Assert.Equal("", Assert.Single(Guard.Bans(Now)).User);
        for (int i = 0; i < 20; i++) Assert.Equal(200, Try(alice, "alice", TestServer.Password));
        Assert.False(Guard.RefusesConnection(TestServer.At(Attacker + ":1234"), Now));
        Assert.Equal(200, Try(bob, "bob", TestServer.Password));
        long before = Guard.Dropped;
        for (int i = 0; i < 100; i++) attacker.Send(Register(attacker, $"user{i}"));
        _server.Network.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.InRange(Guard.Dropped - before, 95, 100);
    }

    [Fact]
    public void Nobody_gets_another_one_banned_from_afar()
    {
        using var attacker = new Peer(_server, Attacker + ":5060", "mallory");
        using var victim = new Peer(_server, "198.51.100.99:5060", "alice");
        for (int i = 0; i < 200; i++)
        {
            string request = Register(attacker, "alice");
            attacker.Send(request);
            // As if it came from the victim, with a challenge that went to the attacker.
            victim.Send(attacker.Authorize(request, attacker.ReceiveStatus(401), "wrong", "alice"));
            Received answer = victim.Receive();
            Assert.Equal(401, answer.Status);
            Assert.Contains("stale=true", answer.Text, StringComparison.Ordinal);
        }

        Assert.Empty(Guard.Bans(Now));
        Assert.Equal(200, Try(victim, "alice", TestServer.Password));
    }

    [Fact]
    public void A_lifted_ban_is_over_at_once_and_a_restored_one_stands()
    {
        using var attacker = new Peer(_server, Attacker + ":5060");
        FailUntilBanned(attacker, "alice");
        Ban ban = Assert.Single(Guard.TakeUnsaved());
        Guard.Lift(ban);
        Assert.Empty(Guard.Bans(Now));
        Assert.Equal(200, Try(attacker, "alice", TestServer.Password));
        Guard.Restore(ban);
        Assert.Equal(-1, Try(attacker, "alice", TestServer.Password));
        Assert.False(Guard.Holds(TestServer.At("198.51.100.8:5060"), "alice@example.com"u8, Now));
    }

    [Fact]
    public void What_is_counted_is_bounded_and_forgotten()
    {
        var options = new Parley.Server.Configuration.ParleyConfiguration();
        for (uint i = 0; i < SourceGuard.Capacity + 1000; i++) Guard.OnFailed(options, NetworkAddress.FromIPv4(0x0A000000 + i, 5060), "alice@example.com"u8, Now);
        Assert.InRange(Guard.Counted, 1, SourceGuard.Capacity);
        Guard.Forget(options.Protection, Now + TimeSpan.FromMinutes(11));
        Assert.Equal(0, Guard.Counted);
        Assert.False(Guard.IsActive);
    }

    [Fact]
    public void Exempt_and_trusted_networks_are_never_banned()
    {
        using var server = new TestServer(configuration => configuration with
        {
            Trusted = [RegistrarTests.Prefix("203.0.113.0/24")],
            Protection = configuration.Protection with { Exempt = [RegistrarTests.Prefix("198.51.100.0/24")] },
        });
        foreach (string address in (string[])["203.0.113.1:5060", "198.51.100.1:5060"])
        {
            for (int i = 0; i < 300; i++) server.State.Guard.OnFailed(server.State.Configuration, TestServer.At(address), "alice@example.com"u8, server.Network.Time.GetUtcNow());
        }

        Assert.Equal(0, server.State.Guard.Counted);
    }

    [Fact]
    public void A_network_of_ipv6_is_one_source()
    {
        for (int i = 0; i < 10; i++) Guard.OnFailed(_server.State.Configuration, TestServer.At($"[2001:db8::{i + 1}]:5060"), "alice@example.com"u8, Now);
        Assert.Equal("2001:db8::/64", Assert.Single(Guard.Bans(Now)).ShownSource);
        Assert.True(Guard.Holds(TestServer.At("[2001:db8::ffff]:9"), "alice@example.com"u8, Now));
        Assert.False(Guard.Holds(TestServer.At("[2001:db8:0:1::1]:9"), "alice@example.com"u8, Now));
    }
}
