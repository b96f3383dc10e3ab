using System.Text;
using Parley.Core;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

public class SessionDescriptionTests
{
    public static TheoryData<string> Vectors => SdpVectors.Names;

    [Theory, MemberData(nameof(Vectors))]
    public void A_description_is_written_as_it_was_read(string name)
    {
        byte[] bytes = SdpVectors.Bytes(name);

        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(SdpVectors.Read(bytes).ToBytes()));
    }

    [Fact]
    public void The_example_of_RFC_8866_has_its_fields()
    {
        SessionDescription session = SdpVectors.FromFile("rfc8866-5.sdp");

        Assert.Equal(new SdpOrigin("jdoe", "3724394400", 3724394405, "IP4", "198.51.100.1"), session.Origin);
        Assert.Equal("Call to John Smith", session.SessionName);
        Assert.Equal("SDP Offer #1", session.Information);
        Assert.Equal("http://www.jdoe.example.com/home.html", session.Uri);
        Assert.Equal(["Jane Doe <jane@jdoe.example.com>"], session.Emails);
        Assert.Equal(["+1 617 555-6011"], session.Phones);
        Assert.Equal([SdpTime.Permanent], session.Times);
        Assert.Equal(3, session.Media.Count);
        Assert.Equal(new SdpConnection("IP4", "198.51.100.1"), session.ConnectionOf(session.Media[1]));
        Assert.Equal(new SdpConnection("IP6", "2001:db8::2"), session.ConnectionOf(session.Media[2]));
        Assert.Equal([new MediaFormat(99, "h263-1998", 90000)], session.Media[2].RtpFormats());
    }

    [Fact]
    public void Every_kind_of_line_is_kept()
    {
        SessionDescription session = SdpVectors.FromFile("every-line.sdp");

        Assert.Equal(ulong.MaxValue, session.Origin.SessionVersion);
        Assert.Equal("Ünïcode – and spaces ", session.SessionName);
        Assert.Equal(2, session.Emails.Count);
        Assert.Equal([new SdpBandwidth("CT", 128), new SdpBandwidth("X-YZ", 7)], session.Bandwidths);
        Assert.Equal(2, session.Times.Count);
        Assert.Equal(["7d 1h 0 25h", "604800 3600 0 90000"], session.Times[0].Repeats);
        Assert.Equal("3730928400 -1h 3749680800 0", session.Times[0].Zone);
        Assert.Equal("clear:secret", session.Key);
        Assert.Equal(new SdpAttribute("empty", ""), session.Attributes[2]);
        Assert.Equal(MediaDirection.ReceiveOnly, session.DirectionOf(session.Media[0]));
        Assert.Equal(2, session.Media[0].PortCount);
        Assert.Equal(2, session.Media[0].Connections.Count);
        Assert.True(session.Media[0].Connections[0].IsMulticast);
        Assert.Equal("anything: at all ;=", session.Media[0].AttributeValue("x-unknown-to-us"));
        Assert.Equal(["webrtc-datachannel"], session.Media[1].Formats);
        Assert.False(session.Media[1].IsRtp);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Lines_end_with_a_line_feed_with_or_without_a_carriage_return(string end)
    {
        SessionDescription session = SdpVectors.Read(string.Join(end, "v=0", "o=- 1 2 IN IP4 10.0.0.1", "s=-", "t=0 0", "m=audio 4 RTP/AVP 0"));

        Assert.Equal("v=0\r\no=- 1 2 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n", session.ToString());
    }

    [Fact]
    public void Lines_of_one_level_come_in_any_order_and_leave_in_that_of_the_RFC()
    {
        // RFC 3264 9 itself has t= before c=.
        SessionDescription session = SdpVectors.Read("v=0\no=- 1 2 IN IP4 h\nt=0 0\na=x\nc=IN IP4 10.0.0.1\ns=name\nm=audio 4 RTP/AVP 0\na=y\nc=IN IP4 10.0.0.2\n");

        Assert.Equal("v=0\r\no=- 1 2 IN IP4 h\r\ns=name\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=x\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP4 10.0.0.2\r\na=y\r\n", session.ToString());
    }

    [Theory]
    [InlineData("v=0\no=- 1 2 IN IP4 h\n")]
    [InlineData("v=0\r\no=- 1 2 IN IP4 h\r\n\r\n\r\n")]
    public void A_name_and_a_time_may_be_missing_and_empty_lines_may_follow(string text)
    {
        Assert.Equal("v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r\nt=0 0\r\n", SdpVectors.Read(text).ToString());
    }

    [Theory]
    [InlineData("", 0, SdpErrorReason.MissingVersion)]
    [InlineData("\n", 1, SdpErrorReason.MalformedLine)]
    [InlineData("o=- 1 2 IN IP4 h\nv=0\n", 1, SdpErrorReason.MissingVersion)]
    [InlineData("v=1\no=- 1 2 IN IP4 h\n", 1, SdpErrorReason.UnsupportedVersion)]
    [InlineData("v=\n", 1, SdpErrorReason.UnsupportedVersion)]
    [InlineData("v=0\n", 0, SdpErrorReason.MissingOrigin)]
    [InlineData("v=0\nv=0\n", 2, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4\n", 2, SdpErrorReason.MalformedOrigin)]
    [InlineData("v=0\no=- 1 2 IN IP4 h x\n", 2, SdpErrorReason.MalformedOrigin)]
    [InlineData("v=0\no=- 1 two IN IP4 h\n", 2, SdpErrorReason.MalformedOrigin)]
    [InlineData("v=0\no=- 1 18446744073709551616 IN IP4 h\n", 2, SdpErrorReason.MalformedOrigin)]
    [InlineData("v=0\no=- 1 -1 IN IP4 h\n", 2, SdpErrorReason.MalformedOrigin)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\no=- 1 2 IN IP4 h\n", 3, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\ns=a\ns=b\n", 4, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nc=IN IP4 a\nc=IN IP4 b\n", 4, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nc=IN IP4\n", 3, SdpErrorReason.MalformedConnection)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nb=AS\n", 3, SdpErrorReason.MalformedBandwidth)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nb=AS:x\n", 3, SdpErrorReason.MalformedBandwidth)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nt=0\n", 3, SdpErrorReason.MalformedTime)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nt=0 now\n", 3, SdpErrorReason.MalformedTime)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nr=7d 1h 0\n", 3, SdpErrorReason.MisplacedLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nt=0 0\nz=0 0\nz=0 0\n", 5, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\na=\n", 3, SdpErrorReason.MalformedAttribute)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\na=:x\n", 3, SdpErrorReason.MalformedAttribute)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 4 RTP/AVP\n", 3, SdpErrorReason.MalformedMedia)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 65536 RTP/AVP 0\n", 3, SdpErrorReason.MalformedMedia)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio x RTP/AVP 0\n", 3, SdpErrorReason.MalformedMedia)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 4/0 RTP/AVP 0\n", 3, SdpErrorReason.MalformedMedia)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 4/x RTP/AVP 0\n", 3, SdpErrorReason.MalformedMedia)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 4 RTP/AVP 0\nt=0 0\n", 4, SdpErrorReason.MisplacedLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nm=audio 4 RTP/AVP 0\ni=a\ni=b\n", 5, SdpErrorReason.DuplicateLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nx=y\n", 3, SdpErrorReason.UnknownLineType)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\nA=y\n", 3, SdpErrorReason.UnknownLineType)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\ns\n", 3, SdpErrorReason.MalformedLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\n\ns=-\n", 3, SdpErrorReason.MalformedLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\ns=a\rb\n", 3, SdpErrorReason.MalformedLine)]
    [InlineData("v=0\no=- 1 2 IN IP4 h\ns=a\0b\n", 3, SdpErrorReason.MalformedLine)]
    public void What_is_malformed_is_refused_with_line_and_reason(string text, int line, SdpErrorReason reason)
    {
        Assert.False(SessionDescription.TryParse(text, out SessionDescription? description, out SdpError error));
        Assert.Null(description);
        Assert.Equal(new SdpError(line, reason), error);
    }

    [Fact]
    public void What_is_too_much_is_refused()
    {
        const string Head = "v=0\no=- 1 2 IN IP4 h\n";
        Assert.Equal(SdpErrorReason.TooLong, Reason("v=0\n" + new string('x', SdpLimits.MaxLengthBytes)));
        Assert.Equal(SdpErrorReason.TooManyLines, Reason(Head + string.Concat(Enumerable.Repeat("a=x\n", SdpLimits.MaxLines))));
        Assert.Equal(SdpErrorReason.TooManyMedia, Reason(Head + string.Concat(Enumerable.Repeat("m=audio 4 RTP/AVP 0\n", SdpLimits.MaxMedia + 1))));
        Assert.Equal(SdpErrorReason.None, Reason(Head + string.Concat(Enumerable.Repeat("m=audio 4 RTP/AVP 0\n", SdpLimits.MaxMedia))));

        static SdpErrorReason Reason(string text) =>
            SessionDescription.TryParse(text, out _, out SdpError error) ? SdpErrorReason.None : error.Reason;
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_do_not_keep_a_call_from_being_made()
    {
        byte[] text = [.. "v=0\r\no=- 1 2 IN IP4 h\r\ns=M"u8, 0xFC, .. "ller\r\nt=0 0\r\n"u8];

        Assert.Equal("M\uFFFDller", SdpVectors.Read(text).SessionName);
    }

    [Fact]
    public void Nothing_can_be_smuggled_into_a_line()
    {
        SessionDescription session = SdpVectors.FromFile("rfc8866-5.sdp");

        Assert.Throws<InvalidOperationException>(() => (session with { SessionName = "x\r\na=evil" }).ToString());
        Assert.Throws<InvalidOperationException>(() => (session with { Origin = session.Origin with { UserName = "a b" } }).ToString());
        Assert.Throws<InvalidOperationException>(() => (session with { Origin = session.Origin with { Address = "" } }).ToString());
        Assert.Throws<InvalidOperationException>(() => (session with { Attributes = [new SdpAttribute("a:b", "c")] }).ToString());
        Assert.Throws<InvalidOperationException>(() => (session with { Media = [session.Media[0] with { Formats = [] }] }).ToString());
    }

    [Theory]
    [InlineData("IN", "IP4", "192.0.2.1", "192.0.2.1:4000")]
    [InlineData("IN", "IP6", "2001:db8::1", "[2001:db8::1]:4000")]
    [InlineData("IN", "IP4", "0.0.0.0", "0.0.0.0:4000")]
    [InlineData("IN", "IP4", "224.2.1.1/127", null)]
    [InlineData("IN", "IP4", "239.1.1.1", null)]
    [InlineData("IN", "IP6", "FF15::101/3", null)]
    [InlineData("IN", "IP4", "host.example.com", null)]
    [InlineData("ATM", "NSAP", "47.0091", null)]
    public void Only_a_numeric_unicast_address_can_be_sent_to(string network, string type, string address, string? expected)
    {
        bool can = new SdpConnection(type, address, network).TryGetAddress(4000, out NetworkAddress found);

        Assert.Equal(expected, can ? found.ToString() : null);
    }
}
