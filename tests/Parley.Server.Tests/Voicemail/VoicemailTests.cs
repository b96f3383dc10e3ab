using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Net.Virtual;
using Parley.Server.Configuration;
using Parley.Server.Tests.Conferences;
using Parley.Server.Tests.Roles;
using Parley.Server.Tests.Rules;
using Parley.Server.Voicemail;
using Parley.TestSupport;
using Parley.UserAgent;
using Parley.UserAgent.Infos;

namespace Parley.Server.Tests.Voicemail;

/// <summary>Callers leave messages for who does not answer, and users hear them: <c>sip:voicemail@DOMAIN</c>.</summary>
public sealed class VoicemailTests : IDisposable
{
    private const string Bob = "sip:bob@example.com";
    private const string Voicemail = "sip:voicemail@example.com";
    private static readonly TimeSpan DiskLimit = TimeSpan.FromSeconds(30);

    private readonly TestServer _server = new(
        configuration => configuration with
        {
            Domains = [ForwardingTests.Read(
                """
                "forward": { "offline": "voicemail", "busy": "voicemail", "noAnswer": "voicemail", "declined": "voicemail", "after": 4 },
                "shortCodes": { "*97": "voicemail" }
                """)],
            Voicemail = new VoicemailOptions { MaxLength = TimeSpan.FromSeconds(8), MaxPerUser = 2 },
            Trusted = [RegistrarTests.Prefix("192.0.2.250")],
        },
        lanes: 2);

    private readonly List<TalkingPhone> _phones = [];
    private readonly HashSet<string> _told = [];

    private Mailboxes Boxes => _server.Mailboxes;

    public void Dispose()
    {
        foreach (TalkingPhone phone in _phones) phone.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_message_is_left_told_heard_kept_and_deleted()
    {
        var watcher = new Peer(_server, "192.0.2.77:5060", "bob");
        watcher.SendAuthorized(watcher.Request("SUBSCRIBE", Bob, headers: "Event: message-summary\r\n"));
        watcher.ReceiveNew("SIP/2.0 200");
        Assert.StartsWith("Messages-Waiting: no\r\n", Told(watcher), StringComparison.Ordinal);
        Leave("alice", 3, 700);
        Assert.Equal("Messages-Waiting: yes\r\nMessage-Account: sip:bob@example.com\r\nVoice-Message: 1/0\r\n", Told(watcher));
        VoicemailMessage message = Assert.Single(Boxes.List("bob@example.com"));
        Assert.Equal(("sip:alice@example.com", "alice", false), (message.Caller, message.DisplayName, message.IsHeard));
        Assert.InRange(message.Duration.TotalSeconds, 2.5, 4);
        Assert.InRange(Level(message, 700), 5000, 5300);

        // Who hangs up in the middle has heard nothing.
        TalkingPhone bob = Phone("bob");
        bob.Dial(Voicemail);
        RunFor(2);
        Assert.InRange(bob.Level(700), 5000, 5300);
        bob.HangUp();
        RunFor(1);
        Assert.Equal((1, 0), Boxes.CountOf("bob@example.com"));

        // 1 begins anew, 2 keeps; then there are no more, and the call ends by itself.
        bob.Dial("sip:*97@example.com");
        RunFor(3);
        bob.Call!.SendDigits("1");
        RunFor(1.5);
        Assert.InRange(bob.Level(700), 5000, 5300);
        bob.Call.SendDigits("2");
        Run(() => bob.Ended is not null);
        Assert.Equal("Messages-Waiting: no\r\nMessage-Account: sip:bob@example.com\r\nVoice-Message: 0/1\r\n", Told(watcher));

        // What was kept is played again, and 3 deletes it; keys by INFO do too.
        bob.Dial(Voicemail);
        RunFor(2);
        Assert.InRange(bob.Level(700), 5000, 5300);
        bob.Call!.SendDigits("3", KeyTransport.Info);
        Run(() => bob.Ended is not null);
        Assert.Equal("Messages-Waiting: no\r\nMessage-Account: sip:bob@example.com\r\n", Told(watcher));
        Assert.False(File.Exists(Boxes.Files.SoundOf(message)));
        Assert.Empty(Boxes.ListAll());
        _server.Roles.EndSubscriptions();
        watcher.Answer(watcher.ReceiveNew("NOTIFY"), 200);
        AssertNothingLeft();
    }

    [Fact]
    public void Messages_are_played_in_their_order_and_count_as_heard_at_their_end()
    {
        Leave("alice", 2, 700);
        Leave("carol", 2, 1300);
        TalkingPhone bob = Phone("bob");
        bob.Dial(Voicemail);
        RunFor(1.5);
        Assert.InRange(bob.Level(700), 5000, 5300);
        RunFor(8);      // the rest of it, five seconds for a key, and the beginning of the next
        Assert.InRange(bob.Level(1300), 5000, 5300);
        Assert.Equal((1, 1), Boxes.CountOf("bob@example.com"));
        Run(() => bob.Ended is not null);
        Assert.Equal(CallEndReason.HungUpByPeer, bob.Ended!.Reason);
        Assert.Equal((0, 2), Boxes.CountOf("bob@example.com"));
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(486)]
    [InlineData(603)]
    [InlineData(0)]         // rings for ever
    public void Who_is_busy_declines_or_does_not_answer_has_messages_taken(int status)
    {
        var phone = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        TalkingPhone alice = Phone("alice");
        alice.Begin(Bob, 700);
        Received invite = phone.ReceiveNew("INVITE");
        if (status > 0)
        {
            phone.Answer(invite, status);
        }
        else
        {
            phone.Answer(invite, 180);
            Received cancel = phone.ReceiveNew("CANCEL", TimeSpan.FromSeconds(8));
            phone.Answer(cancel, 200);
            phone.Answer(invite, 487);
        }

        Run(() => alice.Call!.State == CallState.Established);
        RunFor(4);
        alice.HangUp();
        OnDisk(() => Boxes.CountOf("bob@example.com") == (1, 0));
        AssertNothingLeft();
    }

    [Fact]
    public void There_are_no_more_and_no_longer_messages_than_may_be()
    {
        TalkingPhone alice = Phone("alice");
        alice.Dial(Bob, 700);
        Run(() => alice.Ended is not null, 20);
        Assert.Equal(CallEndReason.HungUpByPeer, alice.Ended!.Reason);
        OnDisk(() => Boxes.CountOf("bob@example.com") == (1, 0));
        Assert.InRange(Boxes.ListAll()[0].Duration.TotalSeconds, 7.9, 8.1);

        // Two at once, of which one would be too many.
        TalkingPhone carol = Phone("carol");
        carol.Dial(Bob, 700);
        CallEnd end = alice.Fail(Bob);
        Assert.Equal((480, "The Mailbox Is Full"), (end.StatusCode, end.ReasonPhrase));
        RunFor(1);
        carol.HangUp();         // during the greeting: nothing was said
        OnDisk(() => _server.Roles.OpenWork == 0);
        Assert.Equal((1, 0), Boxes.CountOf("bob@example.com"));
        Leave("carol", 2, 900);
        Assert.Equal(480, alice.Fail(Bob).StatusCode);
        AssertNothingLeft();
    }

    [Fact]
    public void Silence_and_a_key_end_a_message()
    {
        TalkingPhone alice = Phone("alice");
        _server.State.Configuration = _server.State.Configuration with { Voicemail = new VoicemailOptions() };
        alice.Dial(Bob);
        Run(() => alice.Ended is not null, 20);
        OnDisk(() => Boxes.CountOf("bob@example.com") == (1, 0));
        Assert.InRange(Boxes.ListAll()[0].Duration.TotalSeconds, 9.9, 10.1);
        alice.Dial(Bob, 700);
        RunFor(4);
        alice.Call!.SendDigits("#");
        Run(() => alice.Ended is not null);
        OnDisk(() => Boxes.CountOf("bob@example.com") == (2, 0));
        AssertNothingLeft();
    }

    [Fact]
    public void Callers_hear_the_greeting_of_the_user()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Boxes.Files.GreetingOf("bob@example.com"))!);
        using (var file = new FileStream(Boxes.Files.GreetingOf("bob@example.com"), FileMode.Create))
        using (var writer = new WavWriter(file, 16000)) writer.Write(TestSound.Sine(1200, 2, 16000, 6000));
        TalkingPhone alice = Phone("alice");
        alice.Dial(Bob, 700);
        RunFor(1.5);
        Assert.InRange(alice.Level(1200), 5700, 6300);
        RunFor(3);
        alice.HangUp();
        OnDisk(() => Boxes.CountOf("bob@example.com") == (1, 0));
        Assert.True(Level(Boxes.ListAll()[0], 1200) < 5);
        AssertNothingLeft();
    }

    [Fact]
    public void Only_who_has_proved_who_he_is_hears_messages_and_only_his_own()
    {
        Leave("alice", 2, 700);
        Assert.Equal(403, Phone("mallory", identity: "sip:mallory@elsewhere.example", hasPassword: false).Fail(Voicemail).StatusCode);

        // A trusted network may call as anyone, and so is nobody's proof.
        var gateway = new Peer(_server, "192.0.2.250:5060", "bob");
        gateway.Send(gateway.Request("INVITE", Voicemail, headers: "Content-Type: application/sdp\r\n"));
        gateway.ReceiveStatus(403);

        TalkingPhone carol = Phone("carol");
        carol.Dial(Voicemail);
        Run(() => carol.Ended is not null);     // there is nothing in her mailbox
        Assert.True(carol.Heard < 3 * carol.SampleRate);
        Assert.Equal((1, 0), Boxes.CountOf("bob@example.com"));
        AssertNothingLeft();
    }

    [Fact]
    public void Who_does_not_exist_has_no_mailbox_and_strangers_do_not_learn_that()
    {
        Assert.Equal(404, Phone("alice").Fail("sip:nobody@example.com").StatusCode);
        Assert.Equal(480, Phone("mallory", identity: "sip:mallory@elsewhere.example", hasPassword: false).Fail("sip:nobody@example.com").StatusCode);
        AssertNothingLeft();
    }

    [Fact]
    public void When_the_server_stops_what_was_said_is_kept()
    {
        TalkingPhone alice = Phone("alice");
        alice.Dial(Bob, 700);
        RunFor(4);
        _server.Roles.EndCalls(alsoRinging: false);
        Run(() => alice.Ended is not null);
        OnDisk(() => Boxes.CountOf("bob@example.com") == (1, 0));
        AssertNothingLeft();
    }

    private TalkingPhone Phone(string user, string? identity = null, bool hasPassword = true)
    {
        var phone = new TalkingPhone(_server, $"192.0.2.{100 + _phones.Count}", user, null, identity, hasPassword);
        _phones.Add(phone);
        return phone;
    }

    /// <summary>Leaves bob a message, and waits until it is in his mailbox.</summary>
    private void Leave(string user, double seconds, double hertz)
    {
        int before = Boxes.ListAll().Count;
        TalkingPhone phone = Phone(user);
        phone.Dial(Bob, hertz);
        RunFor(seconds + 1.5);      // the greeting before it
        phone.HangUp();
        OnDisk(() => Boxes.ListAll().Count == before + 1);
    }

    private void Run(Func<bool> until, double seconds = 15) => Assert.True(_server.Network.Run(until, TimeSpan.FromSeconds(seconds)), _server.Network.ToString());

    private void RunFor(double seconds) => _server.Network.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Waits for what another thread does with files, while virtual time stands but for what plays out.</summary>
    private void OnDisk(Func<bool> condition)
    {
        RunFor(1);
        Assert.True(SpinWait.SpinUntil(condition, DiskLimit));
        RunFor(1);
    }

    private double Level(VoicemailMessage message, double hertz)
    {
        Assert.True(AudioFile.TryRead(Boxes.Files.SoundOf(message), out PcmAudio? audio, out AudioFileError error), error.ToString());
        ReadOnlySpan<short> samples = audio!.Samples.Span[^(audio.SampleRate * 3 / 2)..];
        double re = 0, im = 0;
        for (int i = 0; i < audio.SampleRate; i++)
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * hertz * i / audio.SampleRate);
            re += samples[i] * cos;
            im += samples[i] * sin;
        }

        return 2 * Math.Sqrt((re * re) + (im * im)) / audio.SampleRate;
    }

    private string Told(Peer watcher)
    {
        Received notify;
        do
        {
            notify = watcher.ReceiveNew("NOTIFY", TimeSpan.FromSeconds(5));
            watcher.Answer(notify, 200);
        }
        while (!_told.Add(notify.Header("CSeq")));       // sent again before it was looked at
        RunFor(0.1);
        return notify.Text.Split("\r\n\r\n")[1];
    }

    private void AssertNothingLeft()
    {
        foreach (TalkingPhone phone in _phones.Where(phone => phone.Ended is null && phone.Call is not null)) phone.HangUp();
        _server.IsPumping = false;
        VirtualNetwork network = _server.Network;
        Assert.True(network.RunUntilIdle(TimeSpan.FromHours(2)), network.ToString());
        Assert.True(SpinWait.SpinUntil(() => _server.Roles.OpenWork == 0, DiskLimit));
        Assert.Equal(0, _server.MediaPorts.Rented);
        _server.AssertNothingLeft();
    }
}
