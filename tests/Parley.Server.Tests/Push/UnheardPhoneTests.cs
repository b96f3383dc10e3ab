using Parley.Server.Configuration;
using Parley.Server.Tests.Roles;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Push;

/// <summary>Phones on connections: one that stands is used, and the phone is woken when nothing is heard over it; requests in dialogs (RFC 8599 5.6.2, 6).</summary>
public sealed class UnheardPhoneTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";
    private const string Push = ";transport=tcp;pn-provider=acme;pn-prid=1";

    private readonly RecordingPush _push = new();
    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;
    private string _purr = "";

    public UnheardPhoneTests()
    {
        var options = new PushOptions { Url = new Uri("http://192.0.2.99/"), Providers = ["acme"] };
        _server = new TestServer(configuration => configuration with { Push = options, Messages = new MessageOptions { Store = false } }, push: _push);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob", SipTransport.Tcp);
        Register(_bob);
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(100)]
    [InlineData(180)]
    public void A_phone_that_answers_over_its_connection_is_not_woken(int status)
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received call = _bob.ReceiveNew("INVITE");
        _bob.Answer(call, status);
        _server.Network.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_push.Requests);
        _bob.Answer(call, 486);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveNew("SIP/2.0 486")));
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("INVITE")]
    [InlineData("MESSAGE")]
    public void A_phone_whose_connection_is_over_is_woken(string method)
    {
        Disconnect();
        _alice.SendAuthorized(_alice.Request(method, BobUri));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(method, Assert.Single(_push.Requests).Cause!.Method);
        using Peer bob = Return();
        bob.Answer(bob.ReceiveNew(method), 200);
        _alice.ReceiveNew("SIP/2.0 200");
    }

    [Fact]
    public void A_phone_that_is_not_heard_is_woken_and_called_where_it_comes_from()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _bob.ReceiveNew("INVITE");
        _server.Network.RunFor(TimeSpan.FromSeconds(3));
        Assert.Single(_push.Requests);
        using Peer bob = Return();
        Received call = bob.ReceiveNew("INVITE");
        bob.Answer(call, 180);
        _alice.ReceiveNew("SIP/2.0 180");
        bob.Answer(call, 486);      // at once, though the first one was never answered
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveNew("SIP/2.0 486")));
        _server.AssertNothingLeft();
    }

    /// <summary>The phone has read both: the second is a loop to it, and must not end the call.</summary>
    [Fact]
    public void A_phone_that_has_the_first_request_after_all_rings_once()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received first = _bob.ReceiveNew("INVITE");
        _server.Network.RunFor(TimeSpan.FromSeconds(3));
        using Peer bob = Return();
        bob.Answer(bob.ReceiveNew("INVITE"), 482);
        _bob.Answer(first, 180);
        _alice.ReceiveNew("SIP/2.0 180");
        _bob.Answer(first, 200);
        _alice.Send(_alice.InDialog("ACK", _alice.ReceiveNew("SIP/2.0 200")));
        _bob.ReceiveNew("ACK");
        Assert.NotEmpty(invite);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_phone_that_wakes_on_the_same_connection_has_the_request_already()
    {
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        Received first = _bob.ReceiveNew("MESSAGE");
        _server.Network.RunFor(TimeSpan.FromSeconds(3));
        Assert.Single(_push.Requests);
        Register(_bob);
        _bob.ReceiveNothing(TimeSpan.FromSeconds(1));
        _bob.Answer(first, 200);
        _alice.ReceiveNew("SIP/2.0 200");
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_connection_that_breaks_meanwhile_wakes_the_phone()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _bob.ReceiveNew("INVITE");
        Disconnect();
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Single(_push.Requests);
        using Peer bob = Return();
        bob.Answer(bob.ReceiveNew("INVITE"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
    }

    /// <summary>RFC 8599 6, figure 4.</summary>
    [Theory]
    [InlineData("UPDATE")]
    [InlineData("INVITE")]
    [InlineData("BYE")]
    public void A_request_in_a_dialog_wakes_a_phone_that_asked_for_it(string method)
    {
        string purr = _purr;
        Received answer = Call($";pn-purr={purr}");
        Disconnect();
        _alice.Send(_alice.InDialog(method, answer));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(method, Assert.Single(_push.Requests).Cause!.Method);
        using Peer bob = Return();
        Received request = bob.ReceiveNew(method);
        Assert.Equal($"sip:bob@192.0.2.2:5060;transport=tcp;pn-purr={purr}", request.RequestUri);
        bob.Answer(request, 200);
        Received accepted = _alice.ReceiveNew("SIP/2.0 200");
        if (method == "INVITE")
        {
            _alice.Send(_alice.InDialog("ACK", answer, cseq: int.Parse(accepted.Header("CSeq").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
            bob.ReceiveNew("ACK");
        }

        // And the next one goes there by itself.
        _alice.Send(_alice.InDialog("INFO", answer));
        bob.Answer(bob.ReceiveNew("INFO"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
        Assert.Single(_push.Requests);
    }

    [Fact]
    public void A_request_in_a_dialog_goes_over_a_connection_that_stands()
    {
        Received answer = Call($";pn-purr={_purr}");
        _alice.Send(_alice.InDialog("UPDATE", answer));
        _bob.Answer(_bob.ReceiveNew("UPDATE"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
        Assert.Empty(_push.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData(";pn-purr")]
    [InlineData(";pn-purr=forged")]
    [InlineData(";pn-purr=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Without_a_purr_of_ours_nobody_is_woken(string purr)
    {
        Received answer = Call(purr);
        Disconnect();
        _alice.Send(_alice.InDialog("UPDATE", answer));
        _server.Network.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_push.Requests);
    }

    /// <summary>A PURR is in Contact headers that others see: it is of no use without a dialog that came through here.</summary>
    [Fact]
    public void A_purr_outside_of_its_dialog_wakes_nobody()
    {
        Disconnect();
        _alice.SendAuthorized(_alice.Request("OPTIONS", $"sip:bob@192.0.2.2:5060;transport=tcp;pn-purr={_purr}"));
        _server.Network.RunFor(TimeSpan.FromSeconds(5));
        Assert.Empty(_push.Requests);
    }

    private Received Call(string purr)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = _bob.ReceiveNew("INVITE");
        _bob.Answer(invite, 200, headers: $"Contact: <sip:bob@192.0.2.2:5060;transport=tcp{purr}>\r\n", contact: false);
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        _bob.ReceiveNew("ACK");
        return answer;
    }

    private void Disconnect()
    {
        _bob.Dispose();
        _server.Network.RunFor(TimeSpan.FromMilliseconds(200));
    }

    /// <summary>The phone wakes with another connection.</summary>
    private Peer Return()
    {
        var bob = new Peer(_server, "192.0.2.3:5060", "bob", SipTransport.Tcp);
        Register(bob);
        return bob;
    }

    private void Register(Peer phone)
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{phone.Address}{Push}>\r\n"));
        _purr = phone.ReceiveStatus(200).Header("Feature-Caps").Split("+sip.pnspurr=\"")[1].Split('"')[0];
    }
}
