using Parley.Core;
using Parley.Net.Virtual;

namespace Parley.Server.Tests.Roles;

/// <summary>Streams that cannot be followed: each is answered where it can be, closed, and holds up nobody else.</summary>
public sealed class HostileStreamTests : IDisposable
{
    private const string Start = "OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP 203.0.113.1;branch=z9hG4bK1\r\nFrom: <sip:eve@elsewhere.example>;tag=1\r\nTo: <sip:example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n";
    private const string Fine = Start + "Content-Length: 0\r\n\r\n";

    private readonly TestServer _server = new();
    private readonly VirtualHost _eve;
    private readonly RawStream _other;
    private readonly Peer _peer;

    public HostileStreamTests()
    {
        _eve = _server.Network.AddHost("eve", "203.0.113.1");
        _other = new RawStream(_server, _server.Network.AddHost("other", "203.0.113.2"));
        _peer = new Peer(_server, "203.0.113.3:5060", "peer");
    }

    public static TheoryData<string, string> Streams => new()
    {
        { Start + "Content-Length: -1\r\n\r\n", "400 Malformed Content-Length" },
        { Start + "Content-Length: 5\r\nl: 6\r\n\r\n12345", "400 Malformed Content-Length" },
        { Start + "Content-Length: 99999999999999999999\r\n\r\n", "400 Malformed Content-Length" },
        { Start + "Content-Length: 4294967295\r\n\r\n", "400 Malformed Content-Length" },
        { Start + "Content-Length: 2147483647\r\n\r\n", "413 Body too long" },
        { Start + "\r\n", "400 Missing Content-Length" },
        { Start + "X: a\nContent-Length: 0\r\n\r\n", "" },                     // nobody can know what is a line
        { Start + "X: " + new string('x', 20_000), "" },
        { string.Concat(Enumerable.Repeat("X: y\r\n", 5000)), "" },
        { Start + string.Concat(Enumerable.Repeat("a:b\r\n", 200)) + "Content-Length: 0\r\n\r\n", "" },
        { "\r\r\r\r", "" },
        { new string('x', 20_000), "" },
        { "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n", "" },      // somebody who wants TLS
    };

    public void Dispose() => _server.Dispose();

    [Theory, MemberData(nameof(Streams))]
    public void A_stream_that_cannot_be_followed_is_closed(string text, string answer)
    {
        var hostile = new RawStream(_server, _eve);
        hostile.Send(text);
        hostile.Send(Fine);         // too late
        OthersAreServed();
        Assert.True(_server.Network.Run(() => hostile.IsClosed, TimeSpan.FromSeconds(5)), _server.Network.ToString());
        Assert.Equal(answer.Length == 0 ? "" : "SIP/2.0 " + answer, hostile.Received.Split("\r\n")[0]);
        Assert.DoesNotContain("200 OK", hostile.Received, StringComparison.Ordinal);
        OthersAreServed();
        AssertNothingLeft();
    }

    [Fact]
    public void A_message_may_come_byte_by_byte()
    {
        var slow = new RawStream(_server, _eve);
        foreach (char c in Fine)
        {
            Assert.Equal("", slow.Received);
            slow.Send(c.ToString());
            _server.Network.RunFor(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(_server.Network.Run(() => slow.Received.StartsWith("SIP/2.0 200", StringComparison.Ordinal), TimeSpan.FromSeconds(5)));
        slow.Close();
        AssertNothingLeft();
    }

    [Fact]
    public void Who_never_ends_a_message_is_closed_however_much_he_sends()
    {
        var slow = new RawStream(_server, _eve);
        slow.Send(Start);
        Instant start = _server.Network.Now;
        for (int second = 0; second < 60 && !slow.IsClosed; second++)
        {
            slow.Send("X: y\r\n");
            _server.Network.RunFor(TimeSpan.FromSeconds(1));
        }

        Assert.True(slow.IsClosed);
        Assert.InRange((_server.Network.Now - start).TotalSeconds, 15, 25);      // the message's time, not the connection's
        OthersAreServed();
        AssertNothingLeft();
    }

    private void OthersAreServed()
    {
        int heard = _other.Received.Length;
        _other.Send(Fine.Replace("z9hG4bK1", $"z9hG4bK{heard}", StringComparison.Ordinal));
        Assert.True(_server.Network.Run(() => _other.Received.Length > heard, TimeSpan.FromSeconds(5)), _server.Network.ToString());
        Assert.StartsWith("SIP/2.0 200 OK\r\n", _other.Received[heard..], StringComparison.Ordinal);
        _peer.Send(_peer.Request("OPTIONS", "sip:example.com", from: "<sip:peer@elsewhere.example>;tag=1"));
        _peer.ReceiveStatus(200);
    }

    private void AssertNothingLeft()
    {
        _other.Close();
        Assert.True(_server.Network.Run(() => _server.Roles.Endpoint.ConnectionCount == 0, TimeSpan.FromSeconds(5)), _server.Network.ToString());
        _server.AssertNothingLeft();
    }
}
