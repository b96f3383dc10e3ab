using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Net.Virtual;
using Parley.Server.Tests.Roles;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Tests.Conferences;

/// <summary>A phone of one of the server's users that says a tone and keeps what it hears.</summary>
internal sealed class TalkingPhone : IIncomingCallHandler, ICallObserver, IAudioSink, IDisposable
{
    private readonly TestServer _server;
    private readonly SipEndpoint _endpoint;
    private readonly List<short> _heard = [];

    /// <summary>A phone.</summary>
    /// <param name="server">Whose user it is.</param>
    /// <param name="ip">Where it is.</param>
    /// <param name="user">Whose.</param>
    /// <param name="codec">Its only codec; null for PCMU.</param>
    /// <param name="identity">Who it says it is, where that is not the user.</param>
    /// <param name="hasPassword">False for one that answers no challenge.</param>
    public TalkingPhone(TestServer server, string ip, string user, IAudioCodec? codec = null, string? identity = null, bool hasPassword = true)
    {
        _server = server;
        VirtualHost host = server.Network.AddHost(ip, ip);
        var options = new UserAgentCoreOptions
        {
            Identity = SipUri.Parse(identity ?? $"sip:{user}@{TestServer.Domain}"),
            DisplayName = user,
            UserName = user,
            Password = hasPassword ? TestServer.Password : null,
            OutboundProxy = SipUri.Parse($"sip:{TestServer.Ip};lr"),
            MediaAddress = host.Address,
            Codecs = new AudioCodecs([codec ?? new MuLawCodec()]),
        };
        UserAgentCore? core = null;
        var listen = new SipEndpointOptions { Listen = [new SipListen(SipTransport.Udp, host.Address.WithPort(5060))] };
        _endpoint = SipEndpoint.Start(listen, [host.Loop], lane => core = new UserAgentCore(lane, new MediaPorts(30000, 30099), options, this));
        Core = core!;
    }

    public UserAgentCore Core { get; }

    public CallLeg? Call { get; private set; }

    public CallEnd? Ended { get; private set; }

    public int SampleRate { get; private set; }

    /// <summary>How many samples were heard.</summary>
    public int Heard => _heard.Count;

    /// <summary>Calls, and waits for nothing.</summary>
    public void Begin(string uri, double hertz)
    {
        Ended = null;
        _heard.Clear();
        IAudioSource source = hertz > 0 ? new ToneSource(hertz, 0, TimeSpan.FromSeconds(1), TimeSpan.Zero) : new SilenceSource();
        Call = Core.Call(SipUri.Parse(uri), new CallOptions { Audio = new CallAudio { Source = source, Sink = this } }, this);
        Assert.NotNull(Call);
    }

    /// <summary>Calls, and waits until it is answered.</summary>
    /// <param name="uri">Whom.</param>
    /// <param name="hertz">The tone that is said; 0 for silence.</param>
    public void Dial(string uri, double hertz = 0)
    {
        Begin(uri, hertz);
        Assert.True(_server.Network.Run(() => Call!.State == CallState.Established || Ended is not null, TimeSpan.FromSeconds(10)), _server.Network.ToString());
        Assert.Null(Ended);
    }

    /// <summary>Calls, and waits for the refusal.</summary>
    public CallEnd Fail(string uri)
    {
        Begin(uri, 0);
        Assert.True(_server.Network.Run(() => Ended is not null, TimeSpan.FromSeconds(10)), _server.Network.ToString());
        return Ended!;
    }

    public void HangUp()
    {
        Call!.HangUp();
        Assert.True(_server.Network.Run(() => Ended is not null, TimeSpan.FromSeconds(10)), _server.Network.ToString());
    }

    /// <summary>How strong a tone is in the last half second: the amplitude of its sine.</summary>
    public double Level(double hertz) => Level(hertz, SampleRate / 2);

    /// <summary>How strong a tone is in what was heard last.</summary>
    public double Level(double hertz, int samples)
    {
        double re = 0, im = 0;
        for (int i = 0; i < samples; i++)
        {
            double window = 1 - Math.Cos(2 * Math.PI * i / samples);
            (double sin, double cos) = Math.SinCos(2 * Math.PI * hertz * i / SampleRate);
            re += _heard[_heard.Count - samples + i] * window * cos;
            im += _heard[_heard.Count - samples + i] * window * sin;
        }

        return 2 * Math.Sqrt((re * re) + (im * im)) / samples;
    }

    void IIncomingCallHandler.OnIncomingCall(CallLeg call) => call.Reject(486);

    void ICallObserver.OnEnded(CallLeg call, CallEnd end) => Ended = end;

    void IAudioSink.Start(int sampleRate) => SampleRate = sampleRate;

    void IAudioSink.Write(ReadOnlySpan<short> samples) => _heard.AddRange(samples);

    void IAudioSink.End()
    {
    }

    public void Dispose() => _endpoint.Dispose();
}
