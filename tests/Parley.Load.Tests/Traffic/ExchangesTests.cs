using System.Text;
using Parley.Core;
using Parley.Load.Network;
using Parley.Load.Traffic;

namespace Parley.Load.Tests.Traffic;

/// <summary>The core without a network: what it sends is looked at, and what a server would send is made up.</summary>
public sealed class ExchangesTests
{
    private readonly Sent _sent = new();
    private readonly Port _port;
    private readonly Exchanges _exchanges;
    private Instant _now = Instant.Zero + TimeSpan.FromSeconds(1);

    public ExchangesTests()
    {
        _port = new Port(NetworkAddress.FromIPv4(0x7F000001, 9), _sent);
        _exchanges = new Exchanges("peers.test", [_port], room: 4, firstRun: 7);
    }

    [Fact]
    public void A_registration_answers_its_challenge()
    {
        Begin(WorkKind.Register);
        string first = _sent.Only();
        Assert.DoesNotContain("Authorization", first, StringComparison.Ordinal);

        Receive(Response(first, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"peers.test\", nonce=\"n1\"\r\n"));
        string second = _sent.Only();
        Assert.Contains("\r\nCSeq: 2 REGISTER\r\n", second, StringComparison.Ordinal);
        Assert.Contains("nonce=\"n1\"", second, StringComparison.Ordinal);
        Assert.NotEqual(Header(first, "Via"), Header(second, "Via"));

        Receive(Response(first, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"peers.test\", nonce=\"n1\"\r\n"));
        Assert.Empty(_sent.Take());
        Receive(Response(second, "200 OK"));
        AssertEnded(done: 1, failed: 0);
    }

    [Fact]
    public void Each_request_is_sent_again_half_a_second_after_it_was_sent_first()
    {
        Begin(WorkKind.Register);
        string first = _sent.Only();
        Pass(TimeSpan.FromSeconds(0.3));
        Receive(Response(first, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"peers.test\", nonce=\"n1\"\r\n"));
        string second = _sent.Only();

        Pass(TimeSpan.FromSeconds(0.3));
        Assert.Empty(_sent.Take());
        Pass(TimeSpan.FromSeconds(0.25));
        Assert.Equal(second, _sent.Only());
        Pass(TimeSpan.FromSeconds(0.9));
        Assert.Empty(_sent.Take());
        Pass(TimeSpan.FromSeconds(0.2));
        Assert.Equal(second, _sent.Only());
    }

    [Fact]
    public void A_registration_that_is_refused_fails()
    {
        Begin(WorkKind.Register);
        Receive(Response(_sent.Only(), "401 Unauthorized", "WWW-Authenticate: Digest realm=\"peers.test\", nonce=\"n1\"\r\n"));
        Receive(Response(_sent.Only(), "403 Forbidden"));

        AssertEnded(done: 0, failed: 1);
        Assert.Equal(403, _exchanges.Tally.LastRefusal);
    }

    [Fact]
    public void A_call_is_made_answered_acknowledged_and_ended()
    {
        Begin(WorkKind.Call);
        string invite = _sent.Only();
        Receive(Response(invite, "100 Trying"));

        Receive(invite.Replace("\r\nMax-", "\r\nRecord-Route: <sip:127.0.0.1:5060;lr>\r\nMax-", StringComparison.Ordinal));
        string[] answers = _sent.Take();
        Assert.Equal(["SIP/2.0 180 Ringing", "SIP/2.0 200 OK"], answers.Select(StartLine));
        Receive(answers[0]);
        Assert.Empty(_sent.Take());

        Receive(answers[1]);
        string[] requests = _sent.Take();
        Assert.Equal(["ACK sip:callee@127.0.0.1:9 SIP/2.0", "BYE sip:callee@127.0.0.1:9 SIP/2.0"], requests.Select(StartLine));
        Assert.All(requests, request => Assert.Equal("<sip:127.0.0.1:5060;lr>", Header(request, "Route")));
        Assert.Equal("1 ACK", Header(requests[0], "CSeq"));
        Assert.Equal("2 BYE", Header(requests[1], "CSeq"));

        Receive(requests[0]);
        Receive(requests[1]);
        Receive(_sent.Only());
        AssertEnded(done: 1, failed: 0);
    }

    [Fact]
    public void The_answer_is_repeated_until_it_is_acknowledged()
    {
        Begin(WorkKind.Hold);
        string invite = _sent.Only();
        Receive(Response(invite, "100 Trying"));
        Receive(invite);
        string answer = _sent.Take()[1];

        Pass(TimeSpan.FromMilliseconds(501));
        Assert.Equal(answer, _sent.Only());
        Receive(answer);
        string ack = _sent.Only();
        Assert.Equal(1, _exchanges.UnderWay);
        Receive(ack);
        AssertEnded(done: 1, failed: 0);
    }

    [Fact]
    public void A_call_that_rings_is_left_alone()
    {
        Begin(WorkKind.Ring);
        Receive(_sent.Only());
        Receive(_sent.Only());

        AssertEnded(done: 1, failed: 0);
    }

    [Fact]
    public void An_invitation_that_is_refused_is_acknowledged_in_its_transaction()
    {
        Begin(WorkKind.Call);
        string invite = _sent.Only();
        Receive(Response(invite, "404 Not Found"));
        string ack = _sent.Only();

        Assert.Equal("ACK sip:user0@peers.test SIP/2.0", StartLine(ack));
        Assert.Equal(Header(invite, "Via"), Header(ack, "Via"));
        AssertEnded(done: 0, failed: 1);
    }

    [Fact]
    public void What_is_not_answered_is_sent_again_and_fails_after_five_seconds()
    {
        Begin(WorkKind.Options);
        string request = _sent.Only();
        List<double> seconds = [];
        for (int tenth = 1; tenth <= 49; tenth++)
        {
            Pass(TimeSpan.FromMilliseconds(100));
            if (_sent.Take() is [string again])
            {
                Assert.Equal(request, again);
                seconds.Add(tenth / 10.0);
            }
        }

        Assert.Equal([0.5, 1.5, 3.5], seconds);
        Assert.Equal(1, _exchanges.UnderWay);
        Pass(TimeSpan.FromMilliseconds(100));
        AssertEnded(done: 0, failed: 1);
        Assert.Equal(3, _exchanges.Tally.Retransmissions);
    }

    [Fact]
    public void Time_counts_from_when_an_exchange_was_due()
    {
        _exchanges.BeginRun(WorkKind.Options, users: 1, window: 1);
        _exchanges.Begin(_now, _now - TimeSpan.FromMilliseconds(3));
        _now += TimeSpan.FromMilliseconds(2);
        Receive(Response(_sent.Only(), "200 OK"));

        Assert.Equal(TimeSpan.FromMilliseconds(5), _exchanges.Tally.Times.Longest);
    }

    [Fact]
    public void Answers_of_an_earlier_run_or_exchange_count_for_nothing()
    {
        Begin(WorkKind.Options);
        string old = _sent.Only();
        Begin(WorkKind.Options);
        _sent.Take();
        Receive(Response(old, "200 OK"));
        Assert.Equal(1, _exchanges.UnderWay);
        Assert.Equal(0, _exchanges.Tally.Done);
    }

    [Fact]
    public void No_more_begin_than_there_is_room_for()
    {
        _exchanges.BeginRun(WorkKind.Options, users: 10, window: 2);
        _exchanges.Begin(_now, _now);
        Assert.True(_exchanges.HasRoom);
        _exchanges.Begin(_now, _now);
        Assert.False(_exchanges.HasRoom);
        Receive(Response(_sent.Take()[0], "200 OK"));
        Assert.True(_exchanges.HasRoom);
    }

    [Fact]
    public void Users_take_turns()
    {
        _exchanges.BeginRun(WorkKind.Forward, users: 2, window: 4);
        for (int i = 0; i < 3; i++) _exchanges.Begin(_now, _now);

        Assert.Equal(["OPTIONS sip:user0@peers.test SIP/2.0", "OPTIONS sip:user1@peers.test SIP/2.0", "OPTIONS sip:user0@peers.test SIP/2.0"], _sent.Take().Select(StartLine));
    }

    private void Begin(WorkKind work)
    {
        _exchanges.BeginRun(work, users: 1, window: 1);
        _exchanges.Begin(_now, _now);
    }

    private void Receive(string message) => _exchanges.OnDatagram(_now, _port, Encoding.ASCII.GetBytes(message));

    private void Pass(TimeSpan time)
    {
        _now += time;
        _exchanges.Sweep(_now, 1);
    }

    private void AssertEnded(int done, int failed)
    {
        Assert.Equal(0, _exchanges.UnderWay);
        Assert.Equal(done, _exchanges.Tally.Done);
        Assert.Equal(failed, _exchanges.Tally.Failed);
    }

    private static string Response(string request, string status, string more = "") =>
        $"SIP/2.0 {status}\r\n{string.Concat(new[] { "Via", "From", "To", "Call-ID", "CSeq" }.Select(name => $"{name}: {Header(request, name)}\r\n"))}{more}Content-Length: 0\r\n\r\n";

    private static string StartLine(string message) => message.Split("\r\n")[0];

    private static string Header(string message, string name) =>
        message.Split("\r\n").First(line => line.StartsWith(name + ": ", StringComparison.Ordinal))[(name.Length + 2)..];

    private sealed class Sent : IOutbox
    {
        private readonly List<string> _messages = [];

        public void Add(ReadOnlySpan<byte> datagram) => _messages.Add(Encoding.ASCII.GetString(datagram));

        public string[] Take()
        {
            string[] taken = [.. _messages];
            _messages.Clear();
            return taken;
        }

        public string Only() => Assert.Single(Take());
    }
}
