using System.Text;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Requests;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Texts outside calls and in them (RFC 3428), message by message.</summary>
public sealed class MessageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(1);
    private readonly ScriptedPeer _peer;
    private readonly Inbox _inbox = new();
    private readonly VirtualPhone _phone;

    public MessageTests()
    {
        _phone = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060", messages: _inbox);
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", _phone.Address);
    }

    [Fact]
    public void A_text_is_sent_without_a_contact_and_its_answer_is_heard()
    {
        var outcome = new Outcome();
        _phone.Core.Send(_peer.Uri, "Grüße", outcome);

        string message = _peer.TakeRequest("MESSAGE");
        Assert.Equal("text/plain;charset=UTF-8", ScriptedPeer.Header(message, "Content-Type"));
        Assert.EndsWith("\r\n\r\nGrüße", message, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nContact:", message, StringComparison.Ordinal);
        _peer.Answer(message, "200 OK");
        Assert.True(_network.Run(() => outcome.Heard.Count > 0, Limit));
        Assert.Equal(["200"], outcome.Heard);
    }

    [Fact]
    public void Texts_to_one_address_go_one_after_the_other_and_others_meanwhile()
    {
        Outcome first = new(), second = new();
        _phone.Core.Send(_peer.Uri, "one", first);
        _phone.Core.Send(_peer.Uri, "two", second);
        string one = _peer.TakeRequest("MESSAGE");
        _network.RunFor(TimeSpan.FromMilliseconds(400));
        Assert.Empty(second.Heard);

        _peer.Answer(one, "480 Temporarily Unavailable");
        string two = _peer.TakeRequest("MESSAGE");
        Assert.EndsWith("two", two, StringComparison.Ordinal);
        _peer.Answer(two, "202 Accepted");
        Assert.True(_network.Run(() => second.Heard.Count > 0, Limit));
        Assert.Equal(["480", "202"], first.Heard.Concat(second.Heard));
    }

    [Fact]
    public void What_is_too_long_and_what_nobody_answers_is_told()
    {
        Outcome tooLong = new(), unheard = new();
        _phone.Core.Send(_peer.Uri, new string('x', 1200), tooLong);
        Assert.Equal(["TooLong"], tooLong.Heard);
        _phone.Core.Send(SipUri.Parse("sip:192.0.2.77"), "x", unheard);
        Assert.True(_network.Run(() => unheard.Heard.Count > 0, Limit));
        Assert.True(unheard.Heard[0] is "TimedOut" or "TransportFailed");
    }

    [Fact]
    public void More_than_64_texts_do_not_wait_for_one_address()
    {
        Outcome[] outcomes = [.. Enumerable.Range(0, 66).Select(_ => new Outcome())];
        foreach (Outcome outcome in outcomes) _phone.Core.Send(_peer.Uri, "x", outcome);

        Assert.Equal(["Overloaded"], outcomes[65].Heard);
        Assert.All(outcomes[..65], outcome => Assert.Empty(outcome.Heard));
    }

    [Fact]
    public void A_text_that_comes_is_taken_once_however_often_it_is_sent()
    {
        string request = Request("Hallo Welt");
        _peer.SendAgain(request);
        _peer.SendAgain(request);
        string answer = _peer.Take();
        Assert.StartsWith("SIP/2.0 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nContact:", answer, StringComparison.Ordinal);
        Assert.Equal("0", ScriptedPeer.Header(answer, "Content-Length"));
        Assert.StartsWith("SIP/2.0 200 OK\r\n", _peer.Take(), StringComparison.Ordinal);

        Assert.Equal(new TextMessage("sip:bob@example.com", "Bob", $"sip:alice@{_phone.Address}", "Hallo Welt"), Assert.Single(_inbox.Texts));
    }

    [Theory]
    [InlineData("Content-Type: text/html", "SIP/2.0 415 ", "Accept: text/plain")]
    [InlineData("Content-Type: text/plain\r\nContent-Encoding: gzip", "SIP/2.0 415 ", "Accept-Encoding: identity")]
    [InlineData("Subject: no type", "SIP/2.0 415 ", "Accept: text/plain")]
    [InlineData("Content-Type: nonsense", "SIP/2.0 400 Malformed Content-Type", "")]
    public void What_cannot_be_read_is_refused(string header, string status, string answered)
    {
        _peer.SendAgain(Request("x", header));

        string answer = _peer.Take();
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Contains(answered, answer, StringComparison.Ordinal);
        Assert.Empty(_inbox.Texts);
    }

    [Fact]
    public void Who_can_take_no_more_says_so()
    {
        _inbox.IsFull = true;
        _peer.SendAgain(Request("x"));

        string answer = _peer.Take();
        Assert.StartsWith("SIP/2.0 480 ", answer, StringComparison.Ordinal);
        Assert.Equal("30", ScriptedPeer.Header(answer, "Retry-After"));
    }

    [Fact]
    public void A_phone_that_takes_no_texts_does_not_allow_them()
    {
        var other = new VirtualPhone(_network.AddHost("carol", "192.0.2.3"), "192.0.2.3:5060");
        var peer = new ScriptedPeer(_network, _network.AddHost("other", "192.0.2.8"), "192.0.2.8:5060", other.Address);
        peer.Send("MESSAGE", 1, "x", "Content-Type: text/plain\r\n");

        string answer = peer.Take();
        Assert.StartsWith("SIP/2.0 405 ", answer, StringComparison.Ordinal);
        Assert.Equal("INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, PRACK, UPDATE, INFO", ScriptedPeer.Header(answer, "Allow"));
    }

    private string Request(string text, string header = "Content-Type: text/plain") =>
        $"MESSAGE sip:alice@{_phone.Address} SIP/2.0\r\nVia: SIP/2.0/UDP {_peer.Address};branch=z9hG4bK{Guid.NewGuid():N}\r\nMax-Forwards: 70\r\n"
        + $"From: \"Bob\" <sip:bob@example.com>;tag=b\r\nTo: <sip:alice@example.com>\r\nCall-ID: {Guid.NewGuid():N}\r\nCSeq: 1 MESSAGE\r\n"
        + $"{header}\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\n\r\n{text}";

    private sealed class Inbox : ITextMessageHandler
    {
        public List<TextMessage> Texts { get; } = [];

        public bool IsFull { get; set; }

        public bool OnMessage(TextMessage message)
        {
            if (!IsFull) Texts.Add(message);
            return !IsFull;
        }
    }

    private sealed class Outcome : IMessageObserver
    {
        public List<string> Heard { get; } = [];

        public void OnAnswered(in SipMessageView response) => Heard.Add($"{response.StatusCode}");

        public void OnFailed(RequestFailure failure) => Heard.Add($"{failure}");
    }
}
