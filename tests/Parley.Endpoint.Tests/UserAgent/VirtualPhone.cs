using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Media.Codecs;
using Parley.Net.Virtual;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Messages;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A user agent on a host of the virtual network, that writes down what it hears.</summary>
internal sealed class VirtualPhone : IIncomingCallHandler, ICallObserver
{
    /// <summary>Codecs that change no sample's time and little of its value.</summary>
    public static readonly AudioCodecs G711 = new([new MuLawCodec(), new ALawCodec()]);

    private readonly SipEndpoint _endpoint;

    public VirtualPhone(
        VirtualHost host, string address, Func<UserAgentCoreOptions, UserAgentCoreOptions>? change = null, ISipTrace? trace = null, ISipResolver? resolver = null,
        ITextMessageHandler? messages = null)
    {
        Name = host.Name;
        Address = At(address);
        var options = new UserAgentCoreOptions
        {
            Identity = SipUri.Parse($"sip:{host.Name}@{Address}"),
            MediaAddress = Address.WithPort(0),
            Codecs = G711,
        };
        Ports = new MediaPorts(20000, 20999);
        var endpointOptions = new SipEndpointOptions
        {
            Listen = [new SipListen(SipTransport.Udp, Address), new SipListen(SipTransport.Tcp, Address)],
            Trace = trace,
            Resolver = resolver ?? SipLocator.Default,
        };
        UserAgentCore? core = null;
        _endpoint = SipEndpoint.Start(endpointOptions, [host.Loop], lane => core = new UserAgentCore(lane, Ports, change?.Invoke(options) ?? options, this, messages));
        Core = core!;
    }

    public string Name { get; }

    public NetworkAddress Address { get; }

    public SipUri Uri => SipUri.Parse($"sip:{Name}@{Address}");

    public UserAgentCore Core { get; }

    public MediaPorts Ports { get; }

    /// <summary>What happened to its calls, in words.</summary>
    public List<string> Heard { get; } = [];

    public List<CallEnd> Ends { get; } = [];

    public List<CallLeg> Incoming { get; } = [];

    /// <summary>What it does with a call that comes in; nothing leaves it waiting.</summary>
    public Action<CallLeg>? OnCall { get; set; }

    public CallLeg Call(SipUri uri, CallOptions? options = null) => Core.Call(uri, options ?? new CallOptions(), this)!;

    public void OnIncomingCall(CallLeg call)
    {
        call.Observer = this;
        Incoming.Add(call);
        Heard.Add("call");
        OnCall?.Invoke(call);
    }

    public void OnProgress(CallLeg call, int statusCode, string reasonPhrase, bool hasEarlyMedia) =>
        Heard.Add($"{statusCode}{(hasEarlyMedia ? " with sound" : "")}");

    public void OnRedirected(CallLeg call, string uri) => Heard.Add($"to {uri}");

    public void OnEstablished(CallLeg call) => Heard.Add("established");

    public void OnHeld(CallLeg call, bool isHeld) => Heard.Add(isHeld ? "held" : "resumed");

    public void OnRecorded(CallLeg call, RecordingState state) => Heard.Add($"recorded {state}");

    public void OnRecordingPreferred(CallLeg call, RecordingPreference preference) => Heard.Add($"prefers {preference}");

    public void OnReplaced(CallLeg call, CallLeg by) => Heard.Add("replaced");

    public void OnDigit(CallLeg call, char digit, TimeSpan duration) => Heard.Add($"digit {digit}");

    public void OnDigitsSent(CallLeg call) => Heard.Add("digits sent");

    public void OnSourceEnded(CallLeg call) => Heard.Add("source ended");

    public void OnEnded(CallLeg call, CallEnd end)
    {
        Heard.Add($"{end.Reason} {end.StatusCode}");
        Ends.Add(end);
    }

    /// <summary>Fails when anything is left of what there was.</summary>
    public void AssertNothingLeft()
    {
        SipLane lane = Core.Lane;
        string state = $"{Name}: {string.Join(", ", Heard)}";
        Assert.True(Core.CallCount == 0, state);
        Assert.True(Core.PendingAcknowledgements == 0, state);
        Assert.True(lane.ClientTransactionCount == 0, state);
        Assert.True(lane.ServerTransactionCount == 0, state);
        Assert.True(lane.DeadlineCount == 0, state);
        Assert.True(Ports.Rented == 0, state);
        _endpoint.Dispose();
    }

    public static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);
}
