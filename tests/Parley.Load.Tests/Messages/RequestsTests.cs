using System.Text;
using Parley.Load.Messages;

namespace Parley.Load.Tests.Messages;

public sealed class RequestsTests
{
    private delegate int Template(Requests requests, Span<byte> destination, in RequestParts parts);

    private static string Write(Template template)
    {
        byte[] destination = new byte[4096];
        var parts = new RequestParts { Id = new ExchangeId(1, 2, 3), Transaction = 4, Number = 5, User = 6, Local = "127.0.0.1:17060"u8 };
        return Encoding.ASCII.GetString(destination, 0, template(new Requests("peers.test"), destination, parts));
    }

    [Fact]
    public void A_registration_has_all_that_RFC_3261_8_1_1_asks_for()
    {
        string message = Write((Requests requests, Span<byte> destination, in RequestParts parts) => requests.Register(destination, parts, default));

        Assert.Equal(
            """
            REGISTER sip:peers.test SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:17060;branch=z9hG4bK000000010000000200000003.4
            Max-Forwards: 70
            From: <sip:user6@peers.test>;tag=00000002
            To: <sip:user6@peers.test>
            Call-ID: 000000010000000200000003@load
            CSeq: 5 REGISTER
            User-Agent: parley-load
            Contact: <sip:user6@127.0.0.1:17060>
            Expires: 3600
            Content-Length: 0


            """.ReplaceLineEndings("\r\n"), message);
    }

    [Fact]
    public void An_invitation_describes_its_session()
    {
        string message = Write((Requests requests, Span<byte> destination, in RequestParts parts) => requests.Invite(destination, parts));

        Assert.StartsWith("INVITE sip:user6@peers.test SIP/2.0\r\n", message, StringComparison.Ordinal);
        Assert.Contains("\r\nContact: <sip:caller@127.0.0.1:17060>\r\nContent-Type: application/sdp\r\n", message, StringComparison.Ordinal);
        string body = message[(message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.StartsWith("v=0\r\n", body, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {body.Length}\r\n", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Questions_go_to_the_server_or_to_a_user()
    {
        Assert.StartsWith("OPTIONS sip:peers.test SIP/2.0\r\n",
            Write((Requests requests, Span<byte> destination, in RequestParts parts) => requests.OptionsToServer(destination, parts)), StringComparison.Ordinal);
        Assert.StartsWith("OPTIONS sip:user6@peers.test SIP/2.0\r\n",
            Write((Requests requests, Span<byte> destination, in RequestParts parts) => requests.OptionsToUser(destination, parts)), StringComparison.Ordinal);
    }

    [Fact]
    public void Requests_within_a_call_take_its_route_to_its_target()
    {
        string message = Write((Requests requests, Span<byte> destination, in RequestParts parts) => requests.Bye(destination, new RequestParts
        {
            Id = parts.Id, Transaction = 2, Number = 2, User = 6, Local = parts.Local,
            To = "<sip:user6@peers.test>;tag=callee"u8, Target = "sip:callee@127.0.0.1:9"u8, Routes = "Route: <sip:127.0.0.1:5060;lr>\r\n"u8,
        }));

        Assert.StartsWith("BYE sip:callee@127.0.0.1:9 SIP/2.0\r\n", message, StringComparison.Ordinal);
        Assert.Contains("\r\nRoute: <sip:127.0.0.1:5060;lr>\r\n", message, StringComparison.Ordinal);
        Assert.Contains("\r\nTo: <sip:user6@peers.test>;tag=callee\r\n", message, StringComparison.Ordinal);
        Assert.Contains("\r\nCSeq: 2 BYE\r\n", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_that_does_not_fit_is_refused() => Assert.Throws<LoadException>(() =>
        new Requests("peers.test").Invite(new byte[100], new RequestParts { Local = "127.0.0.1:17060"u8 }));
}
