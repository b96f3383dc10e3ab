using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipMessageViewTests
{
    private const string Invite =
        "INVITE sip:bob@biloxi.example SIP/2.0\r\n" +
        "Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds;rport\r\n" +
        "Max-Forwards: 70\r\n" +
        "To: Bob <sip:bob@biloxi.example>\r\n" +
        "From: Alice <sip:alice@atlanta.example>;tag=1928301774\r\n" +
        "Call-ID: a84b4c76e66710@pc33.atlanta.example\r\n" +
        "CSeq: 314159 INVITE\r\n" +
        "Contact: <sip:alice@pc33.atlanta.example>\r\n" +
        "Content-Length: 4\r\n\r\nv=0\n";

    [Fact]
    public void What_was_read_once_is_read_anew_in_the_next_message_and_stands_in_copies()
    {
        string other = Invite.Replace("z9hG4bK776asdhds", "z9hG4bKother", StringComparison.Ordinal).Replace("1928301774", "77", StringComparison.Ordinal)
            .Replace("Bob <sip:bob@biloxi.example>", "<sip:b@c.example>;tag=9", StringComparison.Ordinal);
        string without = Invite.Replace("Via:", "X-Via:", StringComparison.Ordinal).Replace("From:", "X-From:", StringComparison.Ordinal).Replace("To: Bob", "To: Bob <", StringComparison.Ordinal);
        var index = new SipMessageIndex();
        string[] expected = ["Ok z9hG4bK776asdhds Ok 1928301774 Ok ", "Ok z9hG4bKother Ok 77 Ok 9", "Missing  Missing  Malformed ", "Ok z9hG4bK776asdhds Ok 1928301774 Ok "];
        int next = 0;
        foreach (string text in new[] { Invite, other, without, Invite })
        {
            byte[] bytes = Encoding.ASCII.GetBytes(text);
            Assert.True(SipParser.TryIndex(bytes, index, out _));
            var view = new SipMessageView(bytes, index);
            Assert.Equal(expected[next], Describe(view));
            Assert.Equal(expected[next], Describe(view));
            var copy = new SipMessageIndex();
            copy.CopyFrom(index);
            Assert.Equal(expected[next++], Describe(new SipMessageView(bytes, copy)));
        }

        static string Describe(in SipMessageView view)
        {
            HeaderStatus viaStatus = view.TryGetVia(out ViaView via), fromStatus = view.TryGetFrom(out NameAddressView from), toStatus = view.TryGetTo(out NameAddressView to);
            return $"{viaStatus} {Encoding.ASCII.GetString(via.Branch)} {fromStatus} {Encoding.ASCII.GetString(from.Tag)} {toStatus} {Encoding.ASCII.GetString(to.Tag)}";
        }
    }

    [Fact]
    public void A_request_shows_its_parts()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Invite);
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out SipParseResult result));
        Assert.Equal(SipParseKind.Request, result.Kind);
        var view = new SipMessageView(bytes, index);
        Assert.Equal(SipMethod.Invite, view.Method);
        Assert.Equal(HeaderStatus.Ok, view.TryGetVia(out ViaView via));
        Assert.Equal("z9hG4bK776asdhds", Encoding.ASCII.GetString(via.Branch));
        Assert.True(via.HasRport);
        Assert.Equal(HeaderStatus.Ok, view.TryGetFrom(out NameAddressView from));
        Assert.Equal("1928301774", Encoding.ASCII.GetString(from.Tag));
        Assert.Equal(HeaderStatus.Ok, view.TryGetCSeq(out CSeqView cseq));
        Assert.Equal(314159u, cseq.Number);
        Assert.Equal("v=0\n", Encoding.ASCII.GetString(view.Body));
        Assert.True(SipRequestValidator.TryCheck(view, out _));
    }

    [Fact]
    public void Edits_change_what_they_name_and_copy_the_rest()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Invite);
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out _));
        var view = new SipMessageView(bytes, index);
        view.TryGetVia(out ViaView via);
        var edits = new SipEdits();
        edits.SetRequestUri(view, "sip:bob@192.0.2.4"u8);
        edits.SetMaxForwards(view, 69);
        edits.StampVia(via, NetworkAddress.FromIPv4(0xC0000201, 5080));
        edits.PrependValue(view, HeaderId.Via, "SIP/2.0/UDP proxy.example;branch=z9hG4bKx"u8);
        var written = new byte[2000];
        Assert.True(edits.TryApply(view, written, out int length));
        Assert.Equal(length, edits.Measure(view));
        string expected = Invite
            .Replace("INVITE sip:bob@biloxi.example", "INVITE sip:bob@192.0.2.4")
            .Replace("Max-Forwards: 70", "Max-Forwards: 69")
            .Replace(";rport\r\n", ";rport=5080;received=192.0.2.1\r\n")
            .Replace("Via: SIP/2.0/UDP pc33", "Via: SIP/2.0/UDP proxy.example;branch=z9hG4bKx\r\nVia: SIP/2.0/UDP pc33");
        Assert.Equal(expected, Encoding.ASCII.GetString(written, 0, length));
    }
}
