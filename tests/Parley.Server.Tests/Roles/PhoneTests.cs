using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Server.Configuration;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Registrations;
using Registration = Parley.UserAgent.Registrations.Registration;

namespace Parley.Server.Tests.Roles;

/// <summary>A phone of ours that is bound to its flow, at a registrar of ours (RFC 5626 4, RFC 5627 4).</summary>
public sealed class PhoneTests : IDisposable, IRegistrationObserver, IIncomingCallHandler, ICallObserver
{
    private const string Instance = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

    private readonly TestServer _server = new(configuration => configuration with
    {
        Registrar = new RegistrarOptions { FlowTimer = TimeSpan.FromSeconds(100) },
    });
    private readonly List<string> _heard = [];
    private SipEndpoint? _endpoint;
    private UserAgentCore _core = null!;
    private Registration _registration = null!;

    public void Dispose()
    {
        _endpoint?.Dispose();
        _server.Dispose();
    }

    void IRegistrationObserver.OnRegistered(TimeSpan lifetime) => _heard.Add("registered");

    void IRegistrationObserver.OnFailed(RegistrationFailure failure, TimeSpan? retryIn) => _heard.Add(retryIn == TimeSpan.Zero ? "replaced" : $"failed {failure.StatusCode}");

    void IRegistrationObserver.OnUnregistered() => _heard.Add("unregistered");

    void IIncomingCallHandler.OnIncomingCall(CallLeg call)
    {
        call.Observer = this;
        call.Reject(486);
    }

    void ICallObserver.OnEnded(CallLeg call, CallEnd end) => _heard.Add($"ended {end.StatusCode}");

    [Fact]
    public void A_phone_is_bound_to_its_connection_and_has_a_gruu()
    {
        Register("tcp", _server.Network.AddHost("phone", "192.0.2.2"));
        Assert.Equal($"sip:bob@example.com;gr={Instance}", _core.Gruu!.ToString());
        using var alice = new Peer(_server, "192.0.2.1:5060");
        alice.SendAuthorized(alice.Request("INVITE", _core.Gruu.ToString()));
        alice.ReceiveNew("SIP/2.0 486");

        _server.Bind("alice@example.com", $"sip:alice@{alice.Address}");
        _core.Call(SipUri.Parse("sip:alice@example.com"), new CallOptions(), this);
        Received invite = alice.ReceiveNew("INVITE");
        Assert.Equal($"<{_core.Gruu}>", invite.Header("Contact"));
        Assert.Contains("outbound, gruu", invite.Header("Supported"), StringComparison.Ordinal);
        alice.Answer(invite, 486);

        _registration.Unregister();
        Assert.True(_server.Network.Run(() => _heard.Contains("unregistered"), TestServer.Limit));
        Assert.Null(_core.Gruu);
    }

    /// <summary>RFC 5626 4.4.1: two line ends as often as the server wants them, 10 s for an answer, and the same connection for each REGISTER.</summary>
    [Fact]
    public void A_connection_is_kept_open_and_replaced_when_it_is_over()
    {
        VirtualHost host = _server.Network.AddHost("phone", "192.0.2.2");
        Register("tcp", host);
        _server.Network.RunFor(TimeSpan.FromHours(2));
        Assert.DoesNotContain(_heard, word => word != "registered");
        Assert.Equal(1, _server.Network.OpenConnections / 2);

        // From a REGISTER on, so that it is not the next one that finds the connection gone. At most 10 s of the last question are left, then it rests for 100 s, and waits for 10 s.
        int registered = _heard.Count;
        Assert.True(_server.Network.Run(() => _heard.Count > registered, TimeSpan.FromHours(1)));
        _heard.Clear();
        _server.Network.Partition([host], [_server.Host]);
        Assert.True(_server.Network.Run(() => _heard.Contains("replaced"), TimeSpan.FromSeconds(10 + 100 + 10 + 1)), string.Join(", ", _heard));
        Assert.True(_server.Network.Run(() => _heard.Contains("failed 408") || _heard.Contains("failed 503"), TimeSpan.FromMinutes(2)), string.Join(", ", _heard));
        _server.Network.Heal();
        Assert.True(_server.Network.Run(() => _heard.Contains("registered"), TimeSpan.FromMinutes(3)), string.Join(", ", _heard));
    }

    [Theory]
    [InlineData(300, false)]
    [InlineData(20, true)]      // the NAT forgets the flow between two questions, and gives it another port
    public void A_flow_over_UDP_is_replaced_when_the_address_changes(int natSeconds, bool isReplaced)
    {
        VirtualNat nat = _server.Network.AddNat("nat", "198.51.100.1", NatKind.Symmetric);
        nat.MappingLifetime = TimeSpan.FromSeconds(natSeconds);
        Register("udp", nat.AddHost("phone", "10.0.0.2"));
        _server.Network.RunFor(TimeSpan.FromSeconds(30));
        nat.AddHost("other", "10.0.0.3");
        using var other = new Peer(_server, "10.0.0.3:5060");
        other.Send("\r\n\r\n");
        _server.Network.RunFor(TimeSpan.FromMinutes(2));
        Assert.Equal(isReplaced, _heard.Contains("replaced"));
        Assert.Equal("registered", _heard[^1]);
    }

    /// <summary>RFC 5626 4.4.2, 4.5: a flow that never brought an answer counts as a failure to register.</summary>
    [Fact]
    public void A_flow_over_UDP_that_brings_no_answer_is_given_up()
    {
        VirtualHost host = _server.Network.AddHost("phone", "192.0.2.2");
        Register("udp", host);
        _server.Network.Partition([host], [_server.Host]);
        Assert.True(_server.Network.Run(() => _heard.Contains("failed 503"), TimeSpan.FromSeconds(29 + 40)), string.Join(", ", _heard));
        _server.Network.Heal();
        Assert.True(_server.Network.Run(() => _heard[^1] == "registered", TimeSpan.FromSeconds(61)), string.Join(", ", _heard));
    }

    /// <summary>RFC 5626 4.2.1: behind a proxy that does not know flows, the phone does without.</summary>
    [Fact]
    public void A_phone_whose_first_hop_knows_no_flows_registers_without()
    {
        using var proxy = new Peer(_server, "192.0.2.9:5060", "proxy");
        VirtualHost host = _server.Network.AddHost("phone", "192.0.2.2");
        Start(host, "sip:192.0.2.9:5060;lr");
        _registration.Register();
        Received register = proxy.ReceiveNew("REGISTER");
        Assert.Contains($";+sip.instance=\"<{Instance}>\";reg-id=1;expires=3600", register.Header("Contact"), StringComparison.Ordinal);
        Assert.Equal("path, outbound, gruu", register.Header("Supported"));
        proxy.Answer(register, 439);
        register = proxy.ReceiveNew("REGISTER");
        Assert.Contains($";+sip.instance=\"<{Instance}>\";expires=3600", register.Header("Contact"), StringComparison.Ordinal);
        proxy.Answer(register, 200, headers: $"Contact: {register.Header("Contact")}\r\n");
        Assert.True(_server.Network.Run(() => _heard.Contains("registered"), TestServer.Limit));
        proxy.ReceiveNothing(TimeSpan.FromMinutes(2));
    }

    private void Register(string transport, VirtualHost host)
    {
        Start(host, $"sip:{TestServer.Ip}:5060;transport={transport};lr");
        _registration.Register();
        Assert.True(_server.Network.Run(() => _heard.Contains("registered"), TestServer.Limit), string.Join(", ", _heard));
    }

    private void Start(VirtualHost host, string proxy)
    {
        var options = new SipEndpointOptions { Listen = [new SipListen(SipTransport.Udp, host.Address.WithPort(5060)), new SipListen(SipTransport.Tcp, host.Address.WithPort(5060))] };
        var core = new UserAgentCoreOptions
        {
            Identity = SipUri.Parse("sip:bob@example.com"), Password = TestServer.Password, OutboundProxy = SipUri.Parse(proxy), Instance = Instance, MediaAddress = host.Address.WithPort(0),
        };
        _endpoint = SipEndpoint.Start(options, [host.Loop], lane => _core = new UserAgentCore(lane, new MediaPorts(30000, 30099), core, this));
        _registration = _core.CreateRegistration(this);
    }
}
