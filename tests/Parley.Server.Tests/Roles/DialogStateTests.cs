using Parley.Server.Configuration;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Tests.Roles;

/// <summary>What busy lamps are told of the calls that the proxy forwards (RFC 4235).</summary>
public sealed class DialogStateTests : IDisposable
{
    private const string Bob = "sip:bob@example.com";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(6);

    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;
    private readonly Peer _lamp;
    private uint _version;

    public DialogStateTests() : this(DialogState.Full)
    {
    }

    private DialogStateTests(DialogState state, int lanes = 1)
    {
        _server = new TestServer(configuration => configuration with { Events = configuration.Events with { DialogState = state } }, lanes: lanes);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _lamp = new Peer(_server, "192.0.2.3:5060", "carol");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    private DialogInfo Subscribe(string uri)
    {
        _lamp.SendAuthorized(_lamp.Request("SUBSCRIBE", uri, headers: "Event: dialog\r\nExpires: 3600\r\n"));
        _lamp.ReceiveStatus(200);
        return TakeNotify();
    }

    private DialogInfo TakeNotify(TimeSpan? limit = null)
    {
        Received notify = _lamp.Receive(limit ?? Soon);
        Assert.Equal("NOTIFY", notify.Method);
        _lamp.Answer(notify, 200, contact: false);
        Assert.True(DialogInfo.TryRead(System.Text.Encoding.UTF8.GetBytes(notify.Text[(notify.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]), out DialogInfo? info), notify.Text);
        Assert.Equal(_version++, info.Version);
        return info;
    }

    private DialogInfoEntry Told(DialogInfoState state)
    {
        DialogInfo info = TakeNotify();
        Assert.False(info.IsFull);
        DialogInfoEntry dialog = Assert.Single(info.Dialogs);
        Assert.Equal(state, dialog.State);
        return dialog;
    }

    private string Invite(string headers = "") => _alice.SendAuthorized(_alice.Request("INVITE", Bob, headers: headers));

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_call_is_told_from_its_invite_to_its_bye(int lanes)
    {
        using var test = new DialogStateTests(DialogState.Full, lanes);
        test.TellsACall();
    }

    private void TellsACall()
    {
        DialogInfo none = Subscribe(Bob);
        Assert.True(none.IsFull);
        Assert.Empty(none.Dialogs);

        Invite();
        Received invite = _bob.Receive();
        DialogInfoEntry trying = Told(DialogInfoState.Trying);
        Assert.Equal((false, "sip:alice@example.com", "alice1", invite.Header("Call-ID")), (trying.IsInitiator, trying.RemoteIdentity, trying.RemoteTag, trying.CallId));

        _bob.Answer(invite, 180, "bobs");
        Assert.Equal((trying.Id, "bobs"), (Told(DialogInfoState.Early) is var early ? early.Id : "", early.LocalTag));

        _bob.Answer(invite, 200, "bobs");
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        Assert.Equal(trying.Id, Told(DialogInfoState.Confirmed).Id);
        Assert.Equal("ACK", _bob.ReceiveNewAfterInvites().Method);

        _alice.Send(_alice.InDialog("BYE", answer));
        _bob.Answer(_bob.Receive(), 200);
        Assert.Equal(trying.Id, Told(DialogInfoState.Terminated).Id);
        Assert.Equal(0, _server.State.Dialogs.Count);
    }

    [Theory]
    [InlineData(486)]
    [InlineData(603)]
    public void A_call_that_is_refused_is_over(int status)
    {
        Subscribe(Bob);
        Invite();
        Received invite = _bob.Receive();
        Told(DialogInfoState.Trying);
        _bob.Answer(invite, status);
        Told(DialogInfoState.Terminated);
        Assert.Equal(0, _server.State.Dialogs.Count);
    }

    [Fact]
    public void A_caller_is_shown_too_and_a_cancelled_call_is_over()
    {
        Subscribe("sip:alice@example.com");
        string invite = Invite();
        Received atBob = _bob.Receive();
        DialogInfoEntry trying = Told(DialogInfoState.Trying);
        Assert.Equal((true, Bob, "alice1"), (trying.IsInitiator, trying.RemoteIdentity, trying.LocalTag));
        _bob.Answer(atBob, 180, "bobs");
        Assert.Equal("bobs", Told(DialogInfoState.Early).RemoteTag);
        _alice.Send(Peer.CancelOf(invite));
        _bob.Answer(_bob.ReceiveNew("CANCEL"), 200);
        _bob.Answer(atBob, 487, "bobs");
        Told(DialogInfoState.Terminated);
    }

    [Fact]
    public void A_call_whose_session_nobody_refreshes_is_over()
    {
        Subscribe(Bob);
        Invite("Supported: timer\r\nSession-Expires: 600\r\n");
        Received invite = _bob.Receive();
        Told(DialogInfoState.Trying);
        _bob.Answer(invite, 200, "bobs", headers: "Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n");
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        Told(DialogInfoState.Confirmed);
        DialogInfo over = TakeNotify(TimeSpan.FromSeconds(650));
        Assert.Equal(DialogInfoState.Terminated, Assert.Single(over.Dialogs).State);
    }

    [Fact]
    public void A_refresh_tells_the_whole_state_and_who_comes_later_sees_the_call()
    {
        Subscribe(Bob);
        Invite();
        _bob.Answer(_bob.Receive(), 180, "bobs");
        DialogInfoEntry early = TakeNotify().Dialogs[0];
        while (early.State != DialogInfoState.Early) early = TakeNotify().Dialogs[0];

        string other = _lamp.CallId;
        _lamp.CallId = "second@lamp";
        _version = 0;
        DialogInfo whole = Subscribe(Bob);
        Assert.True(whole.IsFull);
        Assert.Equal(early, Assert.Single(whole.Dialogs));
        _lamp.CallId = other;
    }

    [Fact]
    public void A_lamp_is_not_told_with_whom()
    {
        using var test = new DialogStateTests(DialogState.State);
        test.Subscribe(Bob);
        test.Invite();
        test._bob.Receive();
        Assert.Equal(new DialogInfoEntry("d1", DialogInfoState.Trying) { IsInitiator = false }, test.Told(DialogInfoState.Trying));
    }

    [Fact]
    public void What_a_phone_publishes_of_a_call_stands_in_the_place_of_what_is_seen()
    {
        Subscribe(Bob);
        Invite();
        Received invite = _bob.Receive();
        DialogInfoEntry seen = Told(DialogInfoState.Trying);
        string published = $"<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" entity=\"{Bob}\"><dialog id=\"mine\" call-id=\"{invite.Header("Call-ID")}\" direction=\"recipient\"><state>early</state></dialog></dialog-info>";
        var phone = new Peer(_server, "192.0.2.4:5060", "bob");
        phone.SendAuthorized(phone.Request("PUBLISH", Bob, headers: "Event: dialog\r\nContent-Type: application/dialog-info+xml\r\n", body: published));
        phone.ReceiveStatus(200);
        DialogInfo changed = TakeNotify();
        Assert.Equal(2, changed.Dialogs.Count);
        Assert.Equal(DialogInfoState.Terminated, changed.Dialogs.Single(dialog => dialog.Id == seen.Id).State);
        DialogInfoEntry own = changed.Dialogs.Single(dialog => dialog.Id != seen.Id);
        Assert.EndsWith("-mine", own.Id, StringComparison.Ordinal);
        Assert.Equal(DialogInfoState.Early, own.State);
    }

    [Fact]
    public void Nobody_is_followed_before_somebody_watches_and_off_leaves_it_to_the_phones()
    {
        Invite();
        _bob.Receive();
        Assert.Equal(0, _server.State.Dialogs.Count);

        using var test = new DialogStateTests(DialogState.Off);
        test._lamp.SendAuthorized(test._lamp.Request("SUBSCRIBE", Bob, headers: "Event: dialog\r\n"));
        Assert.Equal("SUBSCRIBE", test._bob.Receive().Method);
        Assert.False(test._server.State.Dialogs.IsAnyFollowed);
    }

    [Fact]
    public void A_stranger_sees_no_lamp()
    {
        _lamp.Send(_lamp.Request("SUBSCRIBE", Bob, headers: "Event: dialog\r\n", from: "<sip:eve@example.org>;tag=e"));
        Assert.Equal(403, _lamp.Receive().Status);
    }
}
