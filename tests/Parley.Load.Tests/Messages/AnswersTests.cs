using System.Text;
using Parley.Load.Messages;

namespace Parley.Load.Tests.Messages;

public sealed class AnswersTests
{
    private static byte[] Wire(string text) => Encoding.ASCII.GetBytes(text.ReplaceLineEndings("\r\n"));

    private static readonly byte[] Invite = Wire(
        """
        INVITE sip:user1@127.0.0.1:9 SIP/2.0
        Record-Route: <sip:10.0.0.2;lr>
        Record-Route: <sip:10.0.0.1;lr>
        Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKproxy
        v: SIP/2.0/UDP 127.0.0.1:7;branch=z9hG4bKcaller
        From: <sip:user1@peers.test>;tag=1
        to: <sip:user1@peers.test>
        Call-ID: 000000010000000200000003@load
        CSeq: 1 INVITE
        Contact: <sip:caller@127.0.0.1:7>
        Content-Length: 0


        """);

    [Fact]
    public void An_answer_has_the_requests_way_back()
    {
        byte[] answer = new byte[4096];
        int length = Answers.Write(answer, Invite, "180 Ringing"u8, "127.0.0.1:9"u8, []);

        Assert.Equal(
            """
            SIP/2.0 180 Ringing
            Record-Route: <sip:10.0.0.2;lr>
            Record-Route: <sip:10.0.0.1;lr>
            Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKproxy
            v: SIP/2.0/UDP 127.0.0.1:7;branch=z9hG4bKcaller
            From: <sip:user1@peers.test>;tag=1
            to: <sip:user1@peers.test>;tag=callee
            Call-ID: 000000010000000200000003@load
            CSeq: 1 INVITE
            Contact: <sip:callee@127.0.0.1:9>
            Content-Length: 0


            """.ReplaceLineEndings("\r\n"), Encoding.ASCII.GetString(answer, 0, length));
    }

    [Fact]
    public void The_caller_takes_the_route_backwards()
    {
        byte[] routes = new byte[512];
        int length = Answers.WriteRoutes(routes, Invite);

        Assert.Equal("Route: <sip:10.0.0.1;lr>\r\nRoute: <sip:10.0.0.2;lr>\r\n", Encoding.ASCII.GetString(routes, 0, length));
    }

    [Fact]
    public void What_is_received_is_known_by_its_parts()
    {
        Assert.True(ReceivedMessage.TryRead(Invite, out ReceivedMessage request));
        Assert.Equal(0, request.Status);
        Assert.Equal("INVITE"u8, request.Method);
        Assert.Equal(new ExchangeId(1, 2, 3), request.Id);
        Assert.Equal(1, request.Number);
        Assert.Equal("sip:caller@127.0.0.1:7"u8, request.Contact);

        Assert.True(ReceivedMessage.TryRead(Wire("SIP/2.0 401 No\nCall-ID:000000010000000200000003@load\nCSeq: 2 REGISTER\nWWW-Authenticate: Digest nonce=\"x\"\n\n"), out ReceivedMessage response));
        Assert.Equal(401, response.Status);
        Assert.Equal(2, response.Number);
        Assert.Equal("Digest nonce=\"x\""u8, response.Challenge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n\r\n")]
    [InlineData("SIP/2.0 999 Odd\r\n\r\n")]
    [InlineData("SIP/2.0 200 OK\r\nCall-ID: somebody-elses\r\nCSeq: 1 OPTIONS\r\n\r\n")]
    [InlineData("SIP/2.0 200 OK\r\nCall-ID: 000000010000000200000003@load\r\n\r\n")]
    public void What_is_nobodys_is_not_read(string message) => Assert.False(ReceivedMessage.TryRead(Encoding.ASCII.GetBytes(message), out _));
}
