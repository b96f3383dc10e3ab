using Parley.Core;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Whatever two sides do at whatever moment, over whatever network: every call ends at both sides, and nothing is left of it.</summary>
public sealed class ManyCallsTests
{
    private const int Calls = 600;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_call_ends_on_a_network_that_loses_duplicates_and_reorders(int seed) => Run(
        seed,
        LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(10), Jitter = TimeSpan.FromMilliseconds(5), Loss = 0.01, Duplicate = 0.05, Reorder = 0.05 },
        SipTransport.Udp);

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Every_call_ends_on_a_network_that_loses_every_fifth_packet(int seed) => Run(
        seed, LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(30), Loss = 0.2, Duplicate = 0.1, Reorder = 0.1 }, SipTransport.Udp);

    [Theory]
    [InlineData(6)]
    public void Every_call_ends_over_a_stream(int seed) => Run(seed, LinkConditions.Good with { Delay = TimeSpan.FromMilliseconds(10), Loss = 0.01 }, SipTransport.Tcp);

    private static void Run(int seed, LinkConditions conditions, SipTransport transport)
    {
        var network = new VirtualNetwork(seed) { Conditions = conditions };
        var random = new Random(seed);
        var alice = new VirtualPhone(network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060", WithManyCalls);
        var bob = new VirtualPhone(network.AddHost("bob", "192.0.2.2"), "192.0.2.2:5060", WithManyCalls);
        bob.OnCall = call => new Script(network.Hosts[1].Loop, random).Receive(call);
        SipUri uri = transport == SipTransport.Tcp ? bob.Uri.With("transport", "tcp") : bob.Uri;
        for (int i = 0; i < Calls; i++)
        {
            new Script(network.Hosts[0].Loop, random).After(TimeSpan.FromMilliseconds(random.Next(0, 60_000)), script =>
            {
                CallLeg call = alice.Call(uri, new CallOptions { RingTimeout = TimeSpan.FromSeconds(random.Next(1, 20)) });
                if (random.Next(3) > 0) script.After(TimeSpan.FromMilliseconds(random.Next(0, 3000)), _ => call.HangUp());
            });
        }

        bool isIdle = network.RunUntilIdle(TimeSpan.FromHours(2));
        Assert.True(isIdle, $"{network}; alice has {alice.Core.CallCount} calls, bob {bob.Core.CallCount}");
        alice.AssertNothingLeft();
        bob.AssertNothingLeft();
        Assert.True(network.RunUntilIdle(TimeSpan.FromHours(1)), network.ToString());
        Assert.True(network.Buffers.Outstanding == 0, network.ToString());
        Assert.True(network.ScheduledTimers == 0, network.ToString());
        Assert.True(alice.Ends.Count == Calls, $"{network}: {alice.Ends.Count} ends");
        Assert.True(bob.Ends.Count == bob.Incoming.Count, $"{network}: {bob.Ends.Count} ends of {bob.Incoming.Count} calls");
        if (conditions.Loss < 0.1)
        {
            CallEndReason[] expected = [CallEndReason.HungUp, CallEndReason.HungUpByPeer, CallEndReason.Cancelled, CallEndReason.Refused, CallEndReason.NoAnswer];
            Assert.DoesNotContain(alice.Ends, end => !expected.Contains(end.Reason));
            Assert.Equal(expected.Order(), alice.Ends.Select(end => end.Reason).Distinct().Order());     // all of it has happened
        }

        static UserAgentCoreOptions WithManyCalls(UserAgentCoreOptions options) => options with { MaxCalls = Calls, AliveInterval = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Something that is done later.</summary>
    private sealed class Script(INetworkLoop loop, Random random) : LoopTimer
    {
        private Action<Script>? _next;

        /// <summary>Answers, rings, refuses or ignores a call, at once or later, and perhaps hangs up.</summary>
        public void Receive(CallLeg call)
        {
            int choice = random.Next(10);
            if (choice < 3) call.Ring();
            if (choice == 9) return;
            After(random.Next(4) == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(random.Next(0, 2000)), script =>
            {
                if (choice == 8)
                {
                    call.Reject(random.Next(2) == 0 ? 486 : 603);
                    return;
                }

                call.Answer(CallAudio.Echo());
                script.After(TimeSpan.FromMilliseconds(random.Next(0, 2000)), _ => call.HangUp());
            });
        }

        public void After(TimeSpan span, Action<Script> what)
        {
            _next = what;
            loop.Schedule(this, loop.Now + span);
        }

        public override void OnDeadline(Instant now) => _next!(this);
    }
}
