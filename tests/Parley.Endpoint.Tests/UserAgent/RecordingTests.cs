using Parley.Core;
using Parley.Media.Streams;
using Parley.Net.Virtual;
using Parley.Sdp;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Calls that are recorded: who is told, when, and what becomes of what the other side wishes (RFC 7866).</summary>
public sealed class RecordingTests
{
    private const string Aware = "Supported: record-aware\r\n";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _host;
    private readonly ScriptedPeer _peer;
    private readonly Tap _tap = new();
    private VirtualPhone? _phone;
    private int _version = 1;

    public RecordingTests()
    {
        _host = _network.AddHost("phone", "192.0.2.1");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
    }

    private VirtualPhone Phone => _phone ??= new VirtualPhone(_host, "192.0.2.1:5060", options => options with { IsRecordAware = true });

    [Fact]
    public void A_caller_says_that_it_records_and_tells_each_change()
    {
        (CallLeg call, string invite) = MakeCall(Aware);
        Assert.Contains("record-aware", Header(invite, "Supported"), StringComparison.Ordinal);
        AssertSaid("on", invite);
        Assert.Equal(RecordingState.On, call.Recording);
        AssertHearing(true);

        Assert.True(call.PauseRecording());
        AssertSaid("paused", TakeReinvite());
        AssertHearing(false);
        Assert.Equal(1, _tap.Pauses);

        Assert.True(call.ResumeRecording());
        AssertSaid("on", TakeReinvite());
        AssertHearing(true);

        Assert.True(call.StopRecording());
        AssertSaid("off", TakeReinvite());
        AssertHearing(false);
        AssertNothingMoreIsSaid();
        HangUp(call);
    }

    [Fact]
    public void A_recording_that_begins_in_the_call_is_told_then()
    {
        (CallLeg call, string invite) = MakeCall(Aware, recorder: null);
        AssertSaid(null, invite);
        Assert.False(call.PauseRecording() || call.ResumeRecording() || call.StopRecording());

        Assert.True(call.StartRecording(_tap));
        Assert.False(call.StartRecording(_tap));
        AssertSaid("on", TakeReinvite());
        AssertHearing(true);
        HangUp(call);
        Assert.False(call.StartRecording(_tap));
    }

    [Fact]
    public void Changes_that_follow_each_other_are_told_as_they_are_at_last()
    {
        (CallLeg call, _) = MakeCall(Aware);
        call.PauseRecording();
        string paused = _peer.TakeRequest("INVITE");
        call.ResumeRecording();
        call.PauseRecording();
        call.StopRecording();
        Accept(paused);
        AssertSaid("paused", paused);
        AssertSaid("off", TakeReinvite());
        AssertNothingMoreIsSaid();
        HangUp(call);
    }

    [Fact]
    public void What_is_refused_is_not_said_for_ever_and_the_next_change_is_said()
    {
        (CallLeg call, _) = MakeCall(Aware);
        call.PauseRecording();
        Refuse(_peer.TakeRequest("INVITE"), "488 Not Acceptable Here");
        AssertNothingMoreIsSaid();
        Assert.Equal((CallState.Established, RecordingState.Paused), (call.State, call.Recording));

        call.StopRecording();
        AssertSaid("off", TakeReinvite());

        // Glare is no refusal.
        call.StartRecording(_tap);
        Refuse(_peer.TakeRequest("INVITE"), "491 Request Pending");
        AssertSaid("on", TakeReinvite());
        HangUp(call);
    }

    [Fact]
    public void Who_does_not_know_recordings_is_told_nothing_and_hears_a_tone_where_that_is_wanted()
    {
        (CallLeg call, string invite) = MakeCall("", hasTone: true);
        AssertSaid("on", invite);       // nobody can know before the answer
        AssertHearing(true);
        Assert.InRange(_tap.SentMagnitude, 2000, 4000);
        call.PauseRecording();
        AssertNothingMoreIsSaid();
        AssertHearing(false);
        call.ResumeRecording();
        AssertNothingMoreIsSaid();
        HangUp(call);
    }

    [Theory]
    [InlineData(Aware, true)]
    [InlineData("", false)]
    public void No_tone_sounds_for_who_is_told_or_where_none_is_wanted(string headers, bool hasTone)
    {
        (CallLeg call, _) = MakeCall(headers, hasTone: hasTone);
        AssertHearing(true);
        Assert.Equal(0, _tap.SentMagnitude);
        HangUp(call);
    }

    [Theory]
    [InlineData(Aware, true, "on")]
    [InlineData("", true, null)]
    [InlineData(Aware, false, null)]
    public void A_callee_says_it_in_its_answer_to_who_knows_it(string headers, bool records, string? said)
    {
        CallLeg call = TakeCall(headers, new CallAudio { SinkRecords = records, Sink = new SampleSink() }, out string answer);
        AssertSaid(said, answer);
        Assert.Equal(records ? RecordingState.On : RecordingState.Off, call.Recording);
        HangUp(call);
    }

    [Theory]
    [InlineData("off", true, "off", false)]
    [InlineData("pause", true, "paused", false)]
    [InlineData("on", true, "on", true)]
    [InlineData("nopreference", true, "on", true)]
    [InlineData("off", false, "on", true)]
    public void The_other_side_s_wish_is_followed_where_that_is_not_unset(string wish, bool honors, string said, bool hears)
    {
        _phone = new VirtualPhone(_host, "192.0.2.1:5060", options => options with { HonorsRecordingPreference = honors });
        CallLeg call = TakeCall(Aware, new CallAudio { Recorder = _tap }, out string answer, $"a=recordpref:{wish}\r\n");
        AssertSaid(said, answer);
        AssertHearing(hears);

        // The wish goes, and with it what it did.
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2), Aware);
        AssertSaid("on", _peer.TakeResponse(200));
        _peer.Send("ACK", 2);
        AssertHearing(true);

        // And comes back.
        _peer.Send("INVITE", 3, _peer.Sdp($"a=recordpref:{wish}\r\n", version: 3), Aware);
        AssertSaid(said, _peer.TakeResponse(200));
        _peer.Send("ACK", 3);
        AssertHearing(hears);
        AssertNothingMoreIsSaid();
        HangUp(call);
    }

    [Fact]
    public void A_wish_in_an_answer_is_followed_and_what_came_of_it_is_said_in_an_offer()
    {
        (CallLeg call, _) = MakeCall(Aware, lines: "a=recordpref:pause\r\n");
        AssertSaid("paused", TakeReinvite("a=recordpref:pause\r\n"));
        AssertHearing(false);
        Assert.Equal(RecordingState.Paused, call.Recording);
        HangUp(call);
    }

    [Fact]
    public void What_the_other_side_says_is_told_once_for_each_change()
    {
        CallLeg call = TakeCall("", CallAudio.None, out _, "a=record:on\r\na=recordpref:on\r\n");
        Assert.Equal(RecordingState.On, call.RemoteRecording);
        int sequence = 1;
        foreach (string lines in new[] { "a=record:on\r\n", "a=record:paused\r\n", "", "a=record:off\r\na=recordpref:on\r\n" })
        {
            _peer.Send("INVITE", ++sequence, _peer.Sdp(lines, version: sequence));
            _peer.TakeResponse(200);
            _peer.Send("ACK", sequence);
            _network.Run(() => false, AWhile);
        }

        Assert.Equal(["recorded On", "prefers On", "prefers NoPreference", "recorded Paused", "recorded Off", "prefers On"], Phone.Heard.Where(word => word.StartsWith("recorded", StringComparison.Ordinal) || word.StartsWith("prefers", StringComparison.Ordinal)));
        HangUp(call);
    }

    [Fact]
    public void Who_is_not_aware_does_not_say_so_and_hears_nothing()
    {
        _phone = new VirtualPhone(_host, "192.0.2.1:5060");
        CallLeg call = TakeCall(Aware, CallAudio.None, out string answer, "a=record:on\r\n");
        Assert.DoesNotContain("record-aware", Header(answer, "Supported"), StringComparison.Ordinal);
        Assert.DoesNotContain(Phone.Heard, word => word.StartsWith("recorded", StringComparison.Ordinal));
        HangUp(call);
    }

    private (CallLeg Call, string Invite) MakeCall(string headers, bool hasTone = false, string lines = "") => MakeCall(headers, _tap, hasTone, lines);

    private (CallLeg Call, string Invite) MakeCall(string headers, IAudioTap? recorder, bool hasTone = false, string lines = "")
    {
        CallLeg call = Phone.Call(_peer.Uri, new CallOptions { Audio = new CallAudio { Recorder = recorder, HasRecordingTone = hasTone } });
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(lines), headers: headers);
        _peer.TakeRequest("ACK");
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (call.CallId, "remote", Header(invite, "From").Split(";tag=")[1]);
        Assert.True(_network.Run(() => call.State == CallState.Established, Limit));
        return (call, invite);
    }

    private CallLeg TakeCall(string headers, CallAudio audio, out string answer, string lines = "")
    {
        Phone.OnCall = call => call.Answer(audio);
        _peer.Send("INVITE", 1, _peer.Sdp(lines), headers);
        answer = _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Phone.Incoming.Count == 1 && Phone.Incoming[0].State == CallState.Established, Limit));
        return Phone.Incoming[0];
    }

    private string TakeReinvite(string lines = "")
    {
        string invite = _peer.TakeRequest("INVITE");
        Accept(invite, lines);
        return invite;
    }

    private void Accept(string invite, string lines = "")
    {
        _peer.Answer(invite, "200 OK", tag: null, body: _peer.Sdp(lines, ++_version), headers: Aware);
        _peer.TakeRequest("ACK");
        _network.Run(() => false, TimeSpan.FromMilliseconds(100));
    }

    private void Refuse(string invite, string status)
    {
        _peer.Answer(invite, status, tag: null);
        _peer.TakeRequest("ACK");
    }

    private static void AssertSaid(string? state, string message)
    {
        string[] said = [.. Body(message).Split("\r\n").Where(line => line.StartsWith("a=record:", StringComparison.Ordinal))];
        Assert.Equal(state is null ? [] : [$"a=record:{state}"], said);
    }

    private void AssertNothingMoreIsSaid() => Assert.Null(_peer.TryTake(TimeSpan.FromMinutes(1), text => text.StartsWith("INVITE ", StringComparison.Ordinal) || text.StartsWith("UPDATE ", StringComparison.Ordinal)));

    private void AssertHearing(bool hears)
    {
        _network.Run(() => false, TimeSpan.FromMilliseconds(100));
        (_tap.Pieces, _tap.SentMagnitude) = (0, 0);
        _network.Run(() => false, TimeSpan.FromSeconds(16));
        Assert.True(hears ? _tap.Pieces > 1500 : _tap.Pieces == 0, $"{_tap.Pieces} pieces");
    }

    private void HangUp(CallLeg call)
    {
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK", tag: null);
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), string.Join(", ", Phone.Heard));
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Phone.AssertNothingLeft();
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private sealed class Tap : IAudioTap
    {
        public int Pieces { get; set; }

        public int Pauses { get; private set; }

        public int SentMagnitude { get; set; }

        public void OnReceived(Instant at, int sampleRate, ReadOnlySpan<short> samples) => Pieces++;

        public void OnSent(Instant at, int sampleRate, ReadOnlySpan<short> samples)
        {
            Pieces++;
            foreach (short sample in samples) SentMagnitude = Math.Max(SentMagnitude, Math.Abs((int)sample));
        }

        public void OnPaused() => Pauses++;
    }
}
