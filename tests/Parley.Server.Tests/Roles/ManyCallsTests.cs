using Parley.Net.Virtual;
using Parley.Server.Hosting;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Xunit.Abstractions;

namespace Parley.Server.Tests.Roles;

/// <summary>Whatever callers and callees do at whatever moment, over whatever network: every call ends at all three, and the server keeps nothing of it.</summary>
public sealed class ManyCallsTests(ITestOutputHelper output)
{
    private static readonly LinkConditions Rough = LinkConditions.Good with
    {
        Delay = TimeSpan.FromMilliseconds(10),
        Jitter = TimeSpan.FromMilliseconds(5),
        Loss = 0.01,
        Duplicate = 0.05,
        Reorder = 0.05,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ten_thousand_calls_end_and_leave_nothing(int seed) => Run(seed, calls: 10_000, phonesOfBob: 1, isTrusted: true, Rough, SipTransport.Udp);

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Forked_calls_end_and_leave_nothing(int seed) => Run(seed, calls: 2000, phonesOfBob: 3, isTrusted: true, Rough, SipTransport.Udp);

    [Theory]
    [InlineData(6)]
    public void Challenged_calls_end_and_leave_nothing(int seed) => Run(seed, calls: 1000, phonesOfBob: 1, isTrusted: false, Rough, SipTransport.Udp);

    [Theory]
    [InlineData(7)]
    public void Calls_end_on_a_network_that_loses_every_fifth_packet(int seed) => Run(
        seed, calls: 1000, phonesOfBob: 2, isTrusted: false, Rough with { Loss = 0.2, Duplicate = 0.1, Reorder = 0.1 }, SipTransport.Udp);

    [Theory]
    [InlineData(8)]
    public void Calls_over_streams_end_and_leave_nothing(int seed) => Run(seed, calls: 1000, phonesOfBob: 2, isTrusted: true, Rough, SipTransport.Tcp);

    private void Run(int seed, int calls, int phonesOfBob, bool isTrusted, LinkConditions conditions, SipTransport transport)
    {
        using var server = new TestServer(
            configuration => isTrusted ? configuration with { Trusted = [RegistrarTests.Prefix("192.0.2.1")] } : configuration, seed, lanes: 2);
        VirtualNetwork network = server.Network;
        var random = new Random(seed);
        string parameter = transport == SipTransport.Tcp ? ";transport=tcp" : "";
        SipUri proxy = SipUri.Parse($"sip:{TestServer.Ip}{parameter};lr");
        var alice = new RandomPhone(network.AddHost("alice", "192.0.2.1"), "alice", random, proxy, TestServer.Password, calls);
        var bobs = new RandomPhone[phonesOfBob];
        for (int i = 0; i < phonesOfBob; i++)
        {
            string address = $"192.0.2.{100 + i}";
            bobs[i] = new RandomPhone(network.AddHost($"bob {i}", address), "bob", random, null, null, calls);
            server.Bind("bob@example.com", $"sip:bob@{address}:5060{parameter}", (short)(i == 2 ? 500 : 1000));
        }

        network.Conditions = conditions;
        server.IsPumping = false;
        for (int i = 0; i < calls; i++) alice.CallLater(SipUri.Parse("sip:bob@example.com"), TimeSpan.FromMilliseconds(random.Next(0, calls * 10)));

        long start = TimeProvider.System.GetTimestamp();
        bool isIdle = network.RunUntilIdle(TimeSpan.FromHours(3));
        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        string state = $"{network}; {server.Roles.Statistics()}; alice has {alice.Core.CallCount} calls, the others {string.Join(", ", bobs.Select(bob => bob.Core.CallCount))}";
        output.WriteLine($"{calls} calls took {took.TotalSeconds:0.0} s: {state}");
        Assert.True(isIdle, state);
        Assert.True(alice.Ends.Count == calls, state);
        foreach (RandomPhone bob in bobs) Assert.True(bob.Ends.Count == bob.Called, state);
        ServerStatistics statistics = server.Roles.Statistics();
        Assert.True(statistics.CallsAnswered + statistics.CallsFailed >= calls - 100 && statistics.CallsAnswered > calls / 10, state);
        if (conditions.Loss < 0.1)
        {
            CallEndReason[] expected = [CallEndReason.HungUp, CallEndReason.HungUpByPeer, CallEndReason.Cancelled, CallEndReason.Refused, CallEndReason.NoAnswer];
            Assert.DoesNotContain(alice.Ends, end => !expected.Contains(end.Reason));
            Assert.Equal(expected.Order(), alice.Ends.Select(end => end.Reason).Distinct().Order());    // all of it has happened
        }

        alice.AssertNothingLeft(state);
        foreach (RandomPhone bob in bobs) bob.AssertNothingLeft(state);
        server.AssertNothingLeft();
        Assert.True(network.ScheduledTimers == 0, network.ToString());
    }
}
