using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Media.Codecs;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Tests.Roles;

/// <summary>Many phones in one: a user agent that calls, and that rings, answers, refuses and hangs up as a random source says.</summary>
internal sealed class RandomPhone : IIncomingCallHandler, ICallObserver
{
    private readonly Random _random;
    private readonly SipEndpoint _endpoint;

    public RandomPhone(VirtualHost host, string user, Random random, SipUri? proxy, string? password, int maxCalls)
    {
        _random = random;
        NetworkAddress address = host.Address.WithPort(5060);
        var options = new UserAgentCoreOptions
        {
            Identity = SipUri.Parse($"sip:{user}@{TestServer.Domain}"),
            Password = password,
            OutboundProxy = proxy,
            MediaAddress = host.Address,
            Codecs = new AudioCodecs([new MuLawCodec()]),
            MaxCalls = maxCalls,
        };
        UserAgentCore? core = null;
        var listen = new SipEndpointOptions { Listen = [new SipListen(SipTransport.Udp, address), new SipListen(SipTransport.Tcp, address)] };
        _endpoint = SipEndpoint.Start(listen, [host.Loop], lane => core = new UserAgentCore(lane, Ports, options, this));
        Core = core!;
    }

    public UserAgentCore Core { get; }

    public MediaPorts Ports { get; } = new(1024, 65000);

    public int Called { get; private set; }

    public int Established { get; private set; }

    public List<CallEnd> Ends { get; } = [];

    /// <summary>Calls somebody after a while; may give up, and hangs up some time after the answer, unless the other side does.</summary>
    public void CallLater(SipUri uri, TimeSpan after) => new Moment(Core.Lane.Loop).After(after, moment =>
    {
        CallLeg? call = Core.Call(uri, new CallOptions { RingTimeout = Milliseconds(1000, 15_000) }, this);
        Assert.NotNull(call);
        if (_random.Next(3) > 0) moment.After(Milliseconds(0, 4000), _ => call.HangUp());
    });

    public void OnIncomingCall(CallLeg call)
    {
        Called++;
        call.Observer = this;
        int choice = _random.Next(12);
        if (choice < 4) call.Ring();
        if (choice == 11) return;
        new Moment(Core.Lane.Loop).After(choice == 0 ? TimeSpan.Zero : Milliseconds(0, 3000), moment =>
        {
            if (choice > 8)
            {
                call.Reject(choice == 9 ? 486 : 603);
                return;
            }

            call.Answer(CallAudio.None);
            moment.After(Milliseconds(0, 4000), _ => call.HangUp());
        });
    }

    public void OnEstablished(CallLeg call) => Established++;

    public void OnEnded(CallLeg call, CallEnd end) => Ends.Add(end);

    public void AssertNothingLeft(string network)
    {
        Assert.True(Core.CallCount == 0, network);
        Assert.True(Core.PendingAcknowledgements == 0, network);
        Assert.True(Core.Lane.ClientTransactionCount == 0, network);
        Assert.True(Core.Lane.ServerTransactionCount == 0, network);
        Assert.True(Core.Lane.DeadlineCount == 0, network);
        Assert.True(Ports.Rented == 0, network);
        _endpoint.Dispose();
    }

    private TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(_random.Next(least, most));

    /// <summary>Something that is done later.</summary>
    private sealed class Moment(INetworkLoop loop) : LoopTimer
    {
        private Action<Moment>? _what;

        public void After(TimeSpan span, Action<Moment> what)
        {
            _what = what;
            loop.Schedule(this, loop.Now + span);
        }

        public override void OnDeadline(Instant now) => _what!(this);
    }
}
