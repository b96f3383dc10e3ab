using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>The strict reader lets a good message pass, and names each single thing that is spoilt in it.</summary>
public sealed class MessageGrammarTests
{
    private const string Head = """
        INVITE sip:bob@127.1.1.2;transport=tcp SIP/2.0
        Via: SIP/2.0/TCP 127.1.1.1:5061;branch=z9hG4bK1;rport
        Via: SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK0;received=192.0.2.1
        Record-Route: <sip:127.1.1.1;lr>, <sip:127.1.1.1;transport=tcp;lr>
        Max-Forwards: 69
        From: "Alice, the \"first\"" <sip:alice@example.test>;tag=1
        To: sip:bob@example.test
        Call-ID: a84b4c76e66710@127.1.1.1
        CSeq: 314159 INVITE
        Contact: <sip:alice@127.1.1.1:5061;transport=tcp>;expires=60, Bob <sip:bob@127.1.1.1>
        Content-Type: application/sdp
        Content-Length: LENGTH
        """;

    private const string Body = """
        v=0
        o=- 1 2 IN IP4 127.1.1.1
        s=-
        c=IN IP4 127.1.1.1
        t=0 0
        m=audio 7000 RTP/AVP 0 101
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=sendrecv

        """;

    [Fact]
    public void A_well_formed_message_has_no_fault() => Assert.Empty(FaultsWith("", ""));

    [Theory]
    [InlineData("sip:bob@127.1.1.2;transport=tcp SIP/2.0", "sip:bob@127.1.1.2;transport=tcp", "start line")]
    [InlineData("branch=z9hG4bK1;rport", "branch=old;rport", "Via")]
    [InlineData("127.1.1.1:5061;branch", "127.1.1.1:999999;branch", "Via")]
    [InlineData("Max-Forwards: 69", "Max-Forwards 69", "header line")]
    [InlineData("Max-Forwards: 69", "Max-Forward: 69", "no Max-Forwards")]
    [InlineData("Max-Forwards: 69", "Max-Forwards: -1", "number")]
    [InlineData("CSeq: 314159 INVITE", "CSeq: 314159 BYE", "CSeq")]
    [InlineData("CSeq: 314159 INVITE", "CSeq: x INVITE", "CSeq")]
    [InlineData(";tag=1", "", "From without tag")]
    [InlineData("<sip:alice@example.test>", "<sip:alice@example.test", "From or To")]
    [InlineData("<sip:127.1.1.1;lr>, ", "<sip:127.1.1.1;lr>; ,", "Record-Route")]
    [InlineData("Contact: <sip:alice", "Contact: \"a <sip:alice", "Contact")]
    [InlineData("Contact:", "X-Contact:", "no Contact")]
    [InlineData("Call-ID: a84b4c76e66710@127.1.1.1", "Call-ID: a b", "Call-ID")]
    [InlineData("To: sip:bob@example.test", "To: sip:bob@example.test\nTo: sip:bob@example.test", "To more than once")]
    [InlineData("LENGTH", "9999", "Content-Length")]
    [InlineData("v=0", "v=1", "SDP: v=1")]
    [InlineData("t=0 0", "t=0", "SDP: t=0")]
    [InlineData("c=IN IP4 127.1.1.1", "c=IN", "SDP: c=IN")]
    [InlineData("m=audio 7000 RTP/AVP 0 101", "m=audio", "SDP: m=audio")]
    [InlineData("a=rtpmap:101 telephone-event/8000", "a=x", "SDP: no rtpmap for 101")]
    [InlineData("s=-\nc=IN IP4 127.1.1.1", "c=IN IP4 127.1.1.1\ns=-", "SDP: order of lines")]
    public void What_is_spoilt_is_named(string part, string spoilt, string fault) =>
        Assert.Contains(FaultsWith(part, spoilt), text => text.StartsWith(fault, StringComparison.Ordinal));

    private static IEnumerable<string> FaultsWith(string part, string spoilt)
    {
        Assert.True(part.Length == 0 || Head.Contains(part, StringComparison.Ordinal) || Body.Contains(part, StringComparison.Ordinal));
        string Spoil(string text) => (part.Length == 0 ? text : text.Replace(part, spoilt, StringComparison.Ordinal)).ReplaceLineEndings("\r\n");
        string body = Spoil(Body);
        return MessageGrammar.FaultsOf(Spoil(Head).Replace("LENGTH", body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), body);
    }
}
