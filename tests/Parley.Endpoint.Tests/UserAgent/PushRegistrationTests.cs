using Parley.Core;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A phone that wants to be woken (RFC 8599 4, 6.1).</summary>
public sealed class PushRegistrationTests : IRegistrationObserver, IMessageObserver
{
    private const string Pns = ";pn-provider=apns;pn-param=T.x.voip;pn-prid=00fc%3B1";

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _registrar;
    private readonly Registration _registration;

    public PushRegistrationTests()
    {
        VirtualHost host = _network.AddHost("phone", "192.0.2.1");
        _registrar = new ScriptedPeer(_network, _network.AddHost("registrar", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
        _phone = new VirtualPhone(host, "192.0.2.1:5060", options => options with
        {
            Identity = SipUri.Parse("sip:alice@192.0.2.9:5060"), RegistrationExpiry = TimeSpan.FromSeconds(1000), Push = new PushParameters("apns", "00fc;1", "T.x.voip"),
        });
        _registration = _phone.Core.CreateRegistration(this);
    }

    [Theory]
    [InlineData("Feature-Caps: *;+sip.pns=\"apns\"", "apns", 0, null)]
    [InlineData("Feature-Caps: *;+sip.pns=\"acme\"\r\nFeature-Caps: *;+sip.pns=\"APNS\";+sip.pnsreg=\"180\";+sip.pnspurr=\"a-b_c\"", "APNS", 180, "a-b_c")]
    [InlineData("Feature-Caps: *;+sip.pns=\"acme\", *;+x;+sip.pns=\"apns\";+sip.pnsreg=\"soon\"", "apns", 0, null)]
    [InlineData("Feature-Caps: *;+sip.pns=\"apns\";+sip.pnspurr=\"a;b\"", "apns", 0, null)]
    [InlineData("Feature-Caps: *;+sip.pns=\"acme\"", null, 0, null)]
    [InlineData("Feature-Caps: x;+sip.pns=\"apns\"", null, 0, null)]
    [InlineData("Feature-Caps: *;+sip.pns=apns", null, 0, null)]
    [InlineData("X: y", null, 0, null)]
    public void What_the_registrar_says_of_push_is_told(string row, string? provider, int refreshBefore, string? purr)
    {
        Register(row);
        PushService? service = _phone.Core.PushService;
        Assert.Equal((provider, TimeSpan.FromSeconds(refreshBefore), purr), (service?.Provider, service?.RefreshBefore ?? TimeSpan.Zero, service?.Purr));
    }

    /// <summary>RFC 8599 4.1.2.</summary>
    [Fact]
    public void A_binding_is_removed_without_the_prid()
    {
        Register("Feature-Caps: *;+sip.pns=\"apns\"");
        _registration.Unregister();
        string removal = _registrar.TakeRequest("REGISTER");
        Assert.Equal("<sip:alice@192.0.2.1:5060;pn-provider=apns;pn-param=T.x.voip>;expires=0", Header(removal, "Contact"));
        _registrar.Answer(removal, "200 OK", hasContact: false);
        Assert.True(_network.Run(() => _registration.State == RegistrationState.Unregistered, TimeSpan.FromMinutes(1)));
        Assert.Null(_phone.Core.PushService);
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
    }

    /// <summary>RFC 8599 4.1.4.</summary>
    [Theory]
    [InlineData("180", 810)]
    [InlineData("20", 940)]
    [InlineData("5000", 100)]
    [InlineData("", 940)]
    public void A_binding_is_renewed_before_the_phone_would_be_woken_for_it(string pnsreg, int renewedAfter)
    {
        Register($"Feature-Caps: *;+sip.pns=\"apns\"{(pnsreg.Length > 0 ? $";+sip.pnsreg=\"{pnsreg}\"" : "")}");
        Instant start = _network.Now;
        _registrar.TakeRequest("REGISTER");
        Assert.InRange((_network.Now - start).TotalSeconds, renewedAfter - 1, renewedAfter + 1);
    }

    /// <summary>RFC 8599 4.1, 6.1.1: to others goes nothing but the PURR.</summary>
    [Fact]
    public void Dialogs_have_the_last_purr_and_nothing_else_of_push()
    {
        Register("Feature-Caps: *;+sip.pns=\"apns\";+sip.pnspurr=\"one\"");
        Register("Feature-Caps: *;+sip.pns=\"apns\";+sip.pnspurr=\"two\"");
        _registrar.Send("INVITE", 1, _registrar.Sdp());
        Assert.True(_network.Run(() => _phone.Incoming.Count == 1, TimeSpan.FromSeconds(5)));
        _phone.Incoming[0].Ring();
        string contact = Header(_registrar.TakeResponse(180), "Contact");
        Assert.StartsWith("<sip:", contact, StringComparison.Ordinal);
        Assert.EndsWith("@192.0.2.1:5060;pn-purr=two>", contact, StringComparison.Ordinal);

        _phone.Core.Send(SipUri.Parse("sip:bob@192.0.2.9:5060"), "text", this);
        Assert.DoesNotContain("pn-", _registrar.TakeRequest("MESSAGE"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "x", null)]
    [InlineData("a b", "x", null)]
    [InlineData("apns", "", null)]
    [InlineData("apns", "x", "")]
    public void What_cannot_be_said_is_refused(string provider, string prid, string? parameter) =>
        Assert.Throws<ArgumentException>(() => new UserAgentCoreOptions { Push = new PushParameters(provider, prid, parameter) }.Validate());

    [Fact]
    public void The_prid_is_in_no_log() => Assert.Equal("apns T.x.voip", new PushParameters("apns", "00fc", "T.x.voip").ToString());

    void IMessageObserver.OnAnswered(in SipMessageView response)
    {
    }

    void IMessageObserver.OnFailed(RequestFailure failure)
    {
    }

    private void Register(string row)
    {
        _registration.Register();
        string register = _registrar.TakeRequest("REGISTER");
        Assert.Equal($"<sip:alice@192.0.2.1:5060{Pns}>;+sip.pnsreg;expires=1000", Header(register, "Contact"));
        _registrar.Answer(register, "200 OK", headers: $"Contact: <sip:alice@192.0.2.1:5060{Pns}>;+sip.pnsreg;expires=1000\r\n{row}\r\n", hasContact: false);
        Assert.True(_network.Run(() => _registration.State == RegistrationState.Registered && _registration.Expiry > _network.Now + TimeSpan.FromSeconds(999), TimeSpan.FromMinutes(1)));
    }
}
