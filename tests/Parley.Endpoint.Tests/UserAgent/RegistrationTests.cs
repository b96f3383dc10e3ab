using Parley.Core;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A registration in each of its states, with each answer that a registrar can give.</summary>
public sealed class RegistrationTests : IRegistrationObserver, IMessageObserver
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _registrar;
    private readonly Registration _registration;
    private readonly List<string> _heard = [];

    public RegistrationTests()
    {
        VirtualHost host = _network.AddHost("phone", "192.0.2.1");
        _registrar = new ScriptedPeer(_network, _network.AddHost("registrar", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
        _phone = new VirtualPhone(host, "192.0.2.1:5060", options => options with
        {
            Identity = SipUri.Parse("sip:alice@192.0.2.9:5060"), Password = "secret", RegistrationExpiry = TimeSpan.FromSeconds(600),
        });
        _registration = _phone.Core.CreateRegistration(this);
    }

    void IRegistrationObserver.OnRegistered(TimeSpan lifetime) => _heard.Add($"registered {lifetime.TotalSeconds}");

    void IRegistrationObserver.OnFailed(RegistrationFailure failure, TimeSpan? retryIn) => _heard.Add($"failed {failure.StatusCode}{(retryIn is null ? "" : " for now")}");

    void IRegistrationObserver.OnUnregistered() => _heard.Add("unregistered");

    void IMessageObserver.OnAnswered(in SipMessageView response) => _heard.Add($"answered {response.StatusCode}");

    void IMessageObserver.OnFailed(RequestFailure failure) => _heard.Add($"{failure}");

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private void Run(RegistrationState state) => Assert.True(_network.Run(() => _registration.State == state, Limit), $"{_registration.State}: {string.Join(", ", _heard)}");

    private void Accept(string register, string contacts = "<sip:alice@192.0.2.1:5060>;expires=600") =>
        _registrar.Answer(register, "200 OK", headers: $"Contact: {contacts}\r\n", hasContact: false);

    private void Register()
    {
        _registration.Register();
        Accept(_registrar.TakeRequest("REGISTER"));
        Run(RegistrationState.Registered);
    }

    private void Unregister()
    {
        _registration.Unregister();
        string removal = _registrar.TakeRequest("REGISTER");
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=0", Header(removal, "Contact"));
        _registrar.Answer(removal, "200 OK", hasContact: false);
        Run(RegistrationState.Unregistered);
    }

    /// <summary>RFC 3608 6.1: preloaded into requests outside dialogs, as the last 2xx has it, and never into a REGISTER.</summary>
    [Theory]
    [InlineData("Service-Route: <sip:192.0.2.9:5060;lr>, <sip:orig@192.0.2.7;lr>;x=y", "<sip:192.0.2.9:5060;lr>, <sip:orig@192.0.2.7;lr>;x=y")]
    [InlineData("Service-Route: \"P\" <sip:192.0.2.9:5060;lr>\r\nService-Route: <sips:p.example;lr>", "<sip:192.0.2.9:5060;lr>, <sips:p.example;lr>")]
    [InlineData("Service-Route: <sip:192.0.2.9:5060;lr>, <sip:192.0.2.7>", null)]          // strict
    [InlineData("Service-Route: <tel:1;lr>", null)]
    [InlineData("Service-Route: <sip:192.0.2.9:5060;lr", null)]
    [InlineData("X: y", null)]
    public void Requests_go_by_the_service_route(string row, string? route)
    {
        _registration.Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), "200 OK", headers: $"Contact: <sip:alice@192.0.2.1:5060>;expires=600\r\n{row}\r\n", hasContact: false);
        Run(RegistrationState.Registered);
        string target = route is null ? "sip:bob@192.0.2.9:5060" : "sip:bob@192.0.2.99";
        _phone.Core.Send(SipUri.Parse(target), "text", this);
        string message = _registrar.TakeRequest("MESSAGE");
        Assert.StartsWith($"MESSAGE {target} ", message, StringComparison.Ordinal);
        if (route is null) Assert.DoesNotContain("Route:", message, StringComparison.Ordinal);
        else Assert.Equal(route, Header(message, "Route"));
        _registrar.Answer(message, "200 OK", hasContact: false);

        _registration.Register();
        string again = _registrar.TakeRequest("REGISTER");
        Assert.DoesNotContain("Route:", again, StringComparison.Ordinal);
        Accept(again);
        _network.Run(() => false, TimeSpan.FromSeconds(1));
        _phone.Core.Send(SipUri.Parse("sip:bob@192.0.2.9:5060"), "text", this);
        string direct = _registrar.TakeRequest("MESSAGE");
        Assert.DoesNotContain("Route:", direct, StringComparison.Ordinal);
        _registrar.Answer(direct, "200 OK", hasContact: false);
        Unregister();
        AssertNothingLeft();
    }

    [Fact]
    public void A_binding_is_made_with_credentials_and_removed()
    {
        _registration.Register();
        string first = _registrar.TakeRequest("REGISTER");
        Assert.StartsWith("REGISTER sip:192.0.2.9:5060 SIP/2.0\r\n", first, StringComparison.Ordinal);
        Assert.Equal("<sip:alice@192.0.2.9:5060>", Header(first, "To"));
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=600", Header(first, "Contact"));
        Assert.Equal("1 REGISTER", Header(first, "CSeq"));
        _registrar.Answer(first, "401 Unauthorized", headers: "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n", hasContact: false);
        string second = _registrar.TakeRequest("REGISTER");
        Assert.Equal("2 REGISTER", Header(second, "CSeq"));
        Assert.Equal(Header(first, "Call-ID"), Header(second, "Call-ID"));
        Assert.Contains("username=\"alice\"", Header(second, "Authorization"), StringComparison.Ordinal);
        Accept(second);
        Run(RegistrationState.Registered);

        _registration.Unregister();
        string removal = _registrar.TakeRequest("REGISTER");
        Assert.Contains("nc=00000002", Header(removal, "Authorization"), StringComparison.Ordinal);     // the nonce is known
        _registrar.Answer(removal, "200 OK", hasContact: false);
        Run(RegistrationState.Unregistered);
        Assert.Equal(["registered 600", "unregistered"], _heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(600, 540)]
    [InlineData(3600, 3540)]
    [InlineData(60, 48)]
    [InlineData(2, 1.6)]
    public void A_binding_is_renewed_before_it_ends(int granted, double renewedAfter)
    {
        _registration.Register();
        Accept(_registrar.TakeRequest("REGISTER"), $"<sip:alice@192.0.2.1:5060>;expires={granted}");
        Run(RegistrationState.Registered);
        Instant start = _network.Now;
        string renewal = _registrar.TakeRequest("REGISTER");
        Assert.Equal(renewedAfter, (_network.Now - start).TotalSeconds, 1);
        Assert.Equal("2 REGISTER", Header(renewal, "CSeq"));
        Accept(renewal);
        Assert.True(_network.Run(() => _heard.Count == 2, Limit));
        Unregister();
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("<sip:other@192.0.2.5>;expires=30, <sip:alice@192.0.2.1:5060>;q=0.5;expires=100", 100)]
    [InlineData("<sip:other@192.0.2.5>;expires=30, <sip:alice@192.0.2.1>;expires=50, <sip:alice@192.0.2.1:5060>", 200)]
    [InlineData("<sip:other@192.0.2.5>;expires=30", 200)]
    public void Of_all_bindings_the_own_one_counts(string contacts, int lifetime)
    {
        _registration.Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), "200 OK", headers: $"Contact: {contacts}\r\nExpires: 200\r\n", hasContact: false);
        Run(RegistrationState.Registered);
        Assert.Equal([$"registered {lifetime}"], _heard);
        Unregister();
        AssertNothingLeft();
    }

    [Fact]
    public void An_interval_that_is_too_brief_is_raised_once()
    {
        _registration.Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), "423 Interval Too Brief", headers: "Min-Expires: 900\r\n", hasContact: false);
        string second = _registrar.TakeRequest("REGISTER");
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=900", Header(second, "Contact"));
        _registrar.Answer(second, "423 Interval Too Brief", headers: "Min-Expires: 1800\r\n", hasContact: false);
        Run(RegistrationState.Unregistered);
        Assert.Equal(["failed 423"], _heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("403 Forbidden", 403)]
    [InlineData("404 Not Found", 404)]
    [InlineData("503 Service Unavailable", 503)]
    public void A_first_registration_that_is_refused_is_not_tried_again(string status, int code)
    {
        _registration.Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), status, headers: "Retry-After: 5\r\n", hasContact: false);
        Run(RegistrationState.Unregistered);
        Assert.Equal([$"failed {code}"], _heard);
        Assert.Null(_registrar.TryTake(TimeSpan.FromHours(1)));
        AssertNothingLeft();
    }

    [Fact]
    public void A_registrar_that_does_not_answer_is_told()
    {
        _registration.Register();
        Run(RegistrationState.Unregistered);
        Assert.Equal(["failed 408"], _heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_binding_that_stood_is_tried_again_with_growing_waits()
    {
        Register();
        double most = 60;
        for (int i = 0; i < 8; i++)
        {
            _registrar.Answer(_registrar.TakeRequest("REGISTER"), "500 Server Internal Error", hasContact: false);
            Run(RegistrationState.Waiting);
            Instant failed = _network.Now;
            string again = _registrar.TakeRequest("REGISTER");
            Assert.InRange((_network.Now - failed).TotalSeconds, most / 2, most + 0.1);
            _registrar.Answer(again, "500 Server Internal Error", hasContact: false);
            most = Math.Min(most * 4, 1800);
            Assert.True(_network.Run(() => _heard.Count == (2 * i) + 3, Limit));
        }

        Accept(_registrar.TakeRequest("REGISTER"));
        Run(RegistrationState.Registered);
        Unregister();
        AssertNothingLeft();
    }

    [Fact]
    public void A_registrar_that_says_when_to_come_back_is_listened_to()
    {
        Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), "503 Service Unavailable", headers: "Retry-After: 120;duration=10\r\n", hasContact: false);
        Run(RegistrationState.Waiting);
        Instant failed = _network.Now;
        Accept(_registrar.TakeRequest("REGISTER"));
        Assert.Equal(120, (_network.Now - failed).TotalSeconds, 1);
        Run(RegistrationState.Registered);
        Unregister();
        AssertNothingLeft();
    }

    [Fact]
    public void A_removal_waits_for_the_registration_under_way()
    {
        _registration.Register();
        string register = _registrar.TakeRequest("REGISTER");
        _registration.Unregister();
        Assert.Null(_registrar.TryTake(TimeSpan.FromSeconds(1), text => text.Contains("expires=0", StringComparison.Ordinal)));
        Accept(register);
        string removal = _registrar.Take(text => text.Contains("expires=0", StringComparison.Ordinal));
        Assert.Equal("2 REGISTER", Header(removal, "CSeq"));
        _registrar.Answer(removal, "200 OK", hasContact: false);
        Run(RegistrationState.Unregistered);
        Assert.Equal(["unregistered"], _heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_removal_ends_even_when_the_registrar_is_gone()
    {
        Register();
        _network.Hosts[1].IsDown = true;
        _registration.Unregister();
        Run(RegistrationState.Unregistered);
        Assert.Equal(["registered 600", "unregistered"], _heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Commands_that_do_not_fit_the_state_change_nothing()
    {
        _registration.Unregister();
        Assert.Equal(RegistrationState.Unregistered, _registration.State);
        _registration.Register();
        _registration.Register();
        string register = _registrar.TakeRequest("REGISTER");
        Accept(register);
        Run(RegistrationState.Registered);
        _registration.Unregister();
        _registration.Unregister();
        _registration.Register();
        _registrar.Answer(_registrar.TakeRequest("REGISTER"), "200 OK", hasContact: false);
        Run(RegistrationState.Unregistered);
        Assert.Equal(["registered 600", "unregistered"], _heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Only_an_identity_can_be_registered()
    {
        VirtualPhone nobody = new(_network.AddHost("nobody", "192.0.2.3"), "192.0.2.3:5060", options => options with { Identity = null });
        Assert.Throws<InvalidOperationException>(() => nobody.Core.CreateRegistration(this));
    }
}
