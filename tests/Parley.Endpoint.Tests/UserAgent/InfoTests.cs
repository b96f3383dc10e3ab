using System.Text;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Infos;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>INFO in calls: keys in the older way, Info Packages, and what is refused (RFC 6086).</summary>
public sealed class InfoTests
{
    private const string Relay = "Content-Type: application/dtmf-relay\r\n";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly ScriptedPeer _peer;
    private readonly VirtualPhone _phone;
    private readonly List<string> _done = [];

    public InfoTests()
    {
        _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060", options => options with { InfoPackages = ["conference", "x-taken"] });
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", _phone.Address);
    }

    /// <summary>A call that the peer made, and the phone has answered.</summary>
    private CallLeg TakeCall(string headers = "", CallAudio? audio = null)
    {
        _phone.OnCall = call => call.Answer(audio ?? CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), headers);
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => _phone.Incoming is [{ State: CallState.Established }], Limit));
        return _phone.Incoming[0];
    }

    private void Info(int sequence, string headers, string? body) =>
        _peer.Send("INFO", sequence, body, headers, hasContact: false);

    private void Done(int status, string phrase) => _done.Add($"{status}");

    [Theory]
    [InlineData("Signal=5\r\nDuration=160\r\n", Relay, "digit 5")]
    [InlineData("signal = #\nduration = 250", Relay, "digit #")]
    [InlineData("Signal=10", Relay, "digit *")]
    [InlineData("Signal=d\r\n", Relay, "digit D")]
    [InlineData("11", "Content-Type: application/dtmf\r\n", "digit #")]
    [InlineData("7\r\n", "Content-Type: application/dtmf\r\n", "digit 7")]
    public void A_key_by_info_is_heard(string body, string type, string heard)
    {
        TakeCall();
        Info(2, type, body);
        string answer = _peer.TakeResponse(200);
        Assert.DoesNotContain("Contact:", answer, StringComparison.Ordinal);
        Assert.Equal(heard, _phone.Heard[^1]);
    }

    [Theory]
    [InlineData("Signal=16\r\n", Relay, 200, "")]
    [InlineData("Signal=x\r\n", Relay, 400, "")]
    [InlineData("Signal=17\r\n", Relay, 400, "")]
    [InlineData("Signal=1\r\nSignal=2\r\n", Relay, 400, "")]
    [InlineData("Signal=1\r\nDuration=-3\r\n", Relay, 400, "")]
    [InlineData("Duration=160\r\n", Relay, 400, "")]
    [InlineData("12345", "Content-Type: application/dtmf\r\n", 400, "")]
    [InlineData("x", "Content-Type: text/plain\r\n", 415, "\r\nAccept: application/dtmf-relay, application/dtmf\r\n")]
    [InlineData("x", "Content-Type: application/dtmf\r\nContent-Encoding: gzip\r\n", 415, "\r\nAccept-Encoding: identity\r\n")]
    [InlineData("x", "Content-Type: text/plain\r\nContent-Disposition: x;handling=optional\r\n", 200, "")]
    [InlineData(null, "", 200, "")]
    [InlineData(null, "Info-Package: x-unknown\r\n", 469, "\r\nRecv-Info: conference, x-taken\r\n")]
    [InlineData(null, "Info-Package: Conference\r\n", 469, "\r\nRecv-Info: conference, x-taken\r\n")]
    [InlineData("x", "Info-Package: x-taken\r\nContent-Type: a/b\r\nContent-Encoding: gzip\r\n", 415, "\r\nAccept-Encoding: identity\r\n")]
    [InlineData(null, "Info-Package: ;\r\n", 400, "")]
    public void What_is_no_key_and_no_package_of_ours_is_answered_and_not_told(string? body, string headers, int status, string row)
    {
        CallLeg call = TakeCall();
        int before = _phone.Heard.Count;
        Info(2, headers, body);
        Assert.Contains(row, _peer.TakeResponse(status), StringComparison.Ordinal);
        Assert.Equal(before, _phone.Heard.Count);
        Assert.Equal(CallState.Established, call.State);
    }

    [Fact]
    public void A_key_that_comes_again_is_pressed_once()
    {
        TakeCall();
        string info = _peer.Send("INFO", 2, "Signal=5\r\n", Relay, hasContact: false);
        _peer.TakeResponse(200);
        _peer.SendAgain(info);
        _peer.TakeResponse(200);
        Assert.Single(_phone.Heard, "digit 5");
    }

    [Fact]
    public void An_info_of_a_package_that_is_taken_is_told_with_its_body()
    {
        var listener = new Listener();
        CallLeg call = TakeCall("Recv-Info:\r\n");
        call.Observer = listener;
        Info(2, "Info-Package: x-taken;a=b\r\nContent-Disposition: Info-Package\r\nContent-Type: application/x;y=z\r\n", "hello");
        _peer.TakeResponse(200);
        InfoMessage told = Assert.Single(listener.Told);
        Assert.Equal(("x-taken", "application/x;y=z", "hello"), (told.Package, told.ContentType, Encoding.ASCII.GetString(told.Body.Span)));
    }

    [Fact]
    public void Outside_of_a_call_there_is_no_info()
    {
        _peer.Send("INFO", 1, "Signal=5\r\n", Relay, hasContact: false);
        _peer.TakeResponse(481);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("Recv-Info:\r\n", true)]
    [InlineData("Recv-Info: x-other\r\n", true)]
    public void Who_says_which_packages_he_takes_is_told_which_are_taken_here(string row, bool isTold)
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), row);
        Assert.Equal(isTold ? "conference, x-taken" : "", Header(_peer.TakeResponse(200), "Recv-Info"));
        _peer.Send("ACK", 1);
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2), row);
        Assert.Equal(isTold, _peer.TakeResponse(200).Contains("\r\nRecv-Info: conference, x-taken\r\n", StringComparison.Ordinal));
        _peer.Send("ACK", 2);
        _peer.Send("UPDATE", 3, headers: row);
        Assert.Equal(isTold, _peer.TakeResponse(200).Contains("\r\nRecv-Info: conference, x-taken\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Our_invite_says_which_packages_are_taken_and_theirs_decides_what_is_sent()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        Assert.Contains("\r\nRecv-Info: conference, x-taken\r\n", invite, StringComparison.Ordinal);
        Assert.Contains("INFO", Header(invite, "Allow"), StringComparison.Ordinal);
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(), headers: "Recv-Info: x-a;p=1, x-b\r\n");
        _peer.TakeRequest("ACK");
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (call.CallId, "remote", Header(invite, "From").Split(";tag=")[1]);

        Assert.False(call.SendInfo(new InfoMessage("x-c", "", default), Done));
        Assert.True(call.SendInfo(new InfoMessage("x-b", "application/x", "hi"u8.ToArray()), Done));
        string info = _peer.TakeRequest("INFO");
        Assert.Equal(("x-b", "Info-Package", "application/x", "hi"), (Header(info, "Info-Package"), Header(info, "Content-Disposition"), Header(info, "Content-Type"), Body(info)));
        Assert.DoesNotContain("\r\nRecv-Info", info, StringComparison.Ordinal);
        _peer.Answer(info, "469 Bad Info Package", hasContact: false, headers: "Recv-Info: x-c\r\n");
        Assert.True(_network.Run(() => _done.Count == 1, Limit));
        Assert.Equal(CallState.Established, call.State);
        Assert.False(call.SendInfo(new InfoMessage("x-c", "", default)));       // a 469 changes nothing

        _peer.Send("INVITE", 1, _peer.Sdp(media: "audio 40000 RTP/AVP 99"), "Recv-Info: x-c\r\n");      // refused: rolled back
        _peer.Take(text => text.StartsWith("SIP/2.0 488", StringComparison.Ordinal));
        Assert.False(call.SendInfo(new InfoMessage("x-c", "", default)));
        _peer.Send("UPDATE", 2, headers: "Recv-Info: x-c\r\n");
        _peer.Take(text => text.StartsWith("SIP/2.0 200", StringComparison.Ordinal));
        Assert.False(call.SendInfo(new InfoMessage("x-b", "", default)));
        Assert.True(call.SendInfo(new InfoMessage("x-c", "", default), Done));
    }

    [Theory]
    [InlineData(KeyTransport.InfoRelay, "application/dtmf-relay", "Signal=1\r\nDuration=100\r\n", "Signal=#\r\nDuration=100\r\n")]
    [InlineData(KeyTransport.Info, "application/dtmf", "1", "#")]
    public void Keys_go_one_after_the_other_each_behind_the_answer_to_the_last(KeyTransport by, string type, string first, string second)
    {
        CallLeg call = TakeCall();
        Assert.True(call.SendDigits("1#", by, Done));
        string one = _peer.TakeRequest("INFO");
        Assert.Equal((type, first), (Header(one, "Content-Type"), Body(one)));
        Assert.Null(_peer.TryTake(TimeSpan.FromMilliseconds(400), text => text.StartsWith("INFO", StringComparison.Ordinal) && Header(text, "CSeq") != Header(one, "CSeq")));
        _peer.Answer(one, "200 OK", hasContact: false);
        string two = _peer.Take(text => text.StartsWith("INFO", StringComparison.Ordinal) && Header(text, "CSeq") != Header(one, "CSeq"));
        Assert.Equal(second, Body(two));
        Assert.Empty(_done);
        _peer.Answer(two, "200 OK", hasContact: false);
        Assert.True(_network.Run(() => _done.Count == 1, Limit));
        Assert.Equal(["200"], _done);
    }

    [Fact]
    public void A_refused_key_takes_those_behind_it_along_and_no_others()
    {
        CallLeg call = TakeCall();
        Assert.True(call.SendDigits("12345", KeyTransport.Info, Done));
        Assert.True(call.SendDigits("9", KeyTransport.Info, Done));
        Assert.False(call.SendDigits(new string('1', 60), KeyTransport.Info, Done));
        _peer.Answer(_peer.TakeRequest("INFO"), "415 Unsupported Media Type", hasContact: false);
        string next = _peer.Take(text => text.StartsWith("INFO", StringComparison.Ordinal) && Body(text) == "9");
        _peer.Answer(next, "200 OK", hasContact: false);
        Assert.True(_network.Run(() => _done.Count == 2, Limit));
        Assert.Equal(["415", "200"], _done);
        Assert.Equal(CallState.Established, call.State);
    }

    [Theory]
    [InlineData("481 Call Does Not Exist")]
    [InlineData(null)]
    public void Who_does_not_know_the_call_or_does_not_answer_ends_it(string? status)
    {
        CallLeg call = TakeCall();
        Assert.True(call.SendDigits("12", KeyTransport.Info, Done));
        string info = _peer.TakeRequest("INFO");
        if (status is not null) _peer.Answer(info, status, hasContact: false);
        _peer.Answer(_peer.TakeRequest("BYE"), "481 Call Does Not Exist", hasContact: false);
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Single(_done);
        Assert.Equal(CallEndReason.Lost, _phone.Ends[0].Reason);
    }

    [Fact]
    public void The_echo_presses_keys_in_the_way_that_they_came_and_the_end_of_the_call_ends_them()
    {
        CallLeg call = TakeCall(audio: CallAudio.Echo());
        _peer.Send("INFO", 2, "Signal=8\r\n", Relay, hasContact: false);
        Assert.StartsWith("Signal=8\r\n", Body(_peer.TakeRequest("INFO")), StringComparison.Ordinal);
        Assert.True(call.SendDigits("55", KeyTransport.Info, Done));
        _peer.Send("BYE", 3);
        Assert.True(_network.Run(() => _done.Count == 1, Limit));
        Assert.Equal(["487"], _done);
    }

    private sealed class Listener : ICallObserver
    {
        public List<InfoMessage> Told { get; } = [];

        public void OnInfo(CallLeg call, InfoMessage info) => Told.Add(info);
    }
}
