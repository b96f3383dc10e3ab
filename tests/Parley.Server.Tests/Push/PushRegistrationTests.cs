using System.Buffers;
using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Push;

/// <summary>What phones are told that want to be woken (RFC 8599 4.1, 5.4, 5.6.1), and which binding is whose.</summary>
public sealed class PushRegistrationTests : IDisposable
{
    private const string Apns = ";pn-provider=apns;pn-param=T.x.voip;pn-prid=00fc";
    private const string Instance = ";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";

    private readonly TestServer _server = new(
        configuration => configuration with { Push = new PushOptions { Url = new Uri("http://192.0.2.99/"), Providers = ["apns", "acme"] } }, push: new RecordingPush());

    private readonly Peer _phone;

    public PushRegistrationTests() => _phone = new Peer(_server, "192.0.2.2:5060", "bob");

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(Apns, "", "*;+sip.pns=\"apns\";+sip.pnspurr=")]
    [InlineData(Apns, ";+sip.pnsreg", "*;+sip.pns=\"apns\";+sip.pnsreg=\"180\";+sip.pnspurr=")]
    [InlineData(";pn-provider=ACME;pn-prid=1", "", "*;+sip.pns=\"acme\";+sip.pnspurr=")]
    [InlineData(";pn-provider=apns", "", "*;+sip.pns=\"apns\"")]
    [InlineData(";pn-provider=apns", ";+sip.pnsreg", "*;+sip.pns=\"apns\"")]
    [InlineData(";pn-provider", "", "*;+sip.pns=\"apns\"|*;+sip.pns=\"acme\"")]
    [InlineData("", ";+sip.pnsreg", "")]
    [InlineData(";pn-prid=00fc", "", "")]
    public void A_phone_is_told_which_services_there_are(string uri, string parameters, string told)
    {
        Received answer = Register(uri, parameters);
        Assert.Equal(told, string.Join('|', answer.Headers("Feature-Caps").Select(row => row.Split("purr=")[0] + (row.Contains("purr=", StringComparison.Ordinal) ? "purr=" : ""))));
        Assert.Equal($"<sip:bob@192.0.2.2:5060{uri}>{parameters}", answer.Header("Contact").Split(";expires")[0]);
    }

    [Theory]
    [InlineData(";pn-provider=fcm;pn-param=p;pn-prid=x")]      // not served here
    [InlineData(";pn-provider=fcm")]
    [InlineData(";pn-provider=apns;pn-prid=00fc")]             // RFC 8599 10: without its param
    public void A_service_that_is_not_served_is_refused(string uri)
    {
        Register(uri, status: 555);
        Assert.Empty(Bindings());
    }

    [Theory]
    [InlineData("fcm", ";pn-provider=fcm;pn-param=p;pn-prid=x", 200)]
    [InlineData("apns", Apns, 200)]
    [InlineData("fcm", Apns, 200)]
    [InlineData("apns", ";pn-provider=fcm;pn-param=p;pn-prid=x", 555)]
    public void What_a_proxy_before_serves_is_its_own_matter(string caps, string uri, int status)
    {
        Received answer = Register(uri, headers: $"Feature-Caps: *;+sip.pns=\"{caps}\"\r\n", status: status);
        bool isOurs = caps == "fcm" && uri == Apns;
        Assert.Equal(isOurs, answer.Has("Feature-Caps"));
    }

    [Fact]
    public void Each_answer_has_another_purr()
    {
        string first = Register(Apns).Header("Feature-Caps"), second = Register(Apns).Header("Feature-Caps");
        Assert.NotEqual(first, second);
        Assert.Equal(first.Length, second.Length);
    }

    [Theory]
    [InlineData(Apns, 599, 423)]
    [InlineData(Apns, 600, 200)]
    [InlineData("", 599, 200)]
    [InlineData(";pn-provider=apns", 599, 200)]
    public void A_binding_has_to_live_long_enough_to_be_refreshed(string uri, int expires, int status)
    {
        Received answer = Register(uri, headers: $"Expires: {expires}\r\n", status: status);
        if (status == 423) Assert.Equal("600", answer.Header("Min-Expires"));
    }

    [Fact]
    public void Another_prid_of_a_phone_takes_the_place_of_the_one_before()
    {
        Register(Apns);
        Register(Apns.Replace("00fc", "00fd", StringComparison.Ordinal));
        Assert.Equal($"sip:bob@192.0.2.2:5060{Apns.Replace("00fc", "00fd", StringComparison.Ordinal)}", Assert.Single(Bindings()));

        // After a restart of the phone: another Call-ID, and the same instance.
        Register(Apns, Instance);
        _phone.CallId = "another";
        Register(";pn-provider=acme;pn-prid=2", Instance);
        Assert.Equal("sip:bob@192.0.2.2:5060;pn-provider=acme;pn-prid=2", Assert.Single(Bindings()));

        // Somebody else's phone, that has the same private address.
        _phone.CallId = "third";
        Register(";pn-provider=acme;pn-prid=3");
        Assert.Equal(2, Bindings().Count);
    }

    [Fact]
    public void Without_the_parameters_a_phone_is_not_woken_any_more()
    {
        Register(Apns);
        Register("");
        Assert.Equal("sip:bob@192.0.2.2:5060", Assert.Single(Bindings()));
    }

    /// <summary>RFC 8599 4.1.2.</summary>
    [Fact]
    public void A_phone_removes_its_binding_without_its_prid()
    {
        Register(Apns);
        Register(";pn-provider=apns;pn-param=T.x.voip", ";expires=0");
        Assert.Empty(Bindings());
        Register(";pn-provider=fcm", ";expires=0");     // and need not have a service that is served
    }

    [Fact]
    public void Without_a_webhook_nothing_is_said()
    {
        using var server = new TestServer();
        using var phone = new Peer(server, "192.0.2.2:5060", "bob");
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{phone.Address};pn-provider=fcm;pn-param=p;pn-prid=x>\r\n"));
        Assert.False(phone.ReceiveStatus(200).Has("Feature-Caps"));
    }

    private Received Register(string uri, string parameters = "", string headers = "", int status = 200)
    {
        _phone.SendAuthorized(_phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{_phone.Address}{uri}>{parameters}\r\n{headers}"));
        return _phone.ReceiveStatus(status);
    }

    private List<string> Bindings()
    {
        List<string> contacts = [];
        foreach (Binding binding in _server.Location.Find("bob@example.com"u8, new ArrayBufferWriter<byte>()).LiveAt(_server.Network.Time.GetUtcNow())) contacts.Add(Encoding.ASCII.GetString(binding.Contact));
        return contacts;
    }
}
