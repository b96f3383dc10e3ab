using Parley.Core;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

public class MediaDescriptionTests
{
    private static readonly NetworkAddress Rtp = NetworkAddress.FromIPv4(0x0A000001, 4000);

    [Theory]
    [InlineData("0", "", "0 PCMU/8000")]
    [InlineData("0 8 9 13", "", "0 PCMU/8000|8 PCMA/8000|9 G722/8000|13 CN/8000")]
    [InlineData("10 11", "", "10 L16/44100/2|11 L16/44100")]
    [InlineData("96", "", "")]
    [InlineData("96", "rtpmap:96 opus/48000/2", "96 opus/48000/2")]
    [InlineData("96", "rtpmap:96 L16/8000/1", "96 L16/8000")]
    [InlineData("0", "rtpmap:0 PCMA/8000", "0 PCMA/8000")]
    [InlineData("0", "rtpmap:0 PCMU/", "0 PCMU/8000")]
    [InlineData("0", "rtpmap:0  PCMU/8000 ", "0 PCMU/8000")]
    [InlineData("96", "rtpmap:96 x/0", "")]
    [InlineData("96", "rtpmap:96 /8000", "")]
    [InlineData("96", "rtpmap:961 x/8000", "")]
    [InlineData("128 300 * x", "", "")]
    [InlineData("0 0 0", "", "0 PCMU/8000")]
    public void Payload_types_have_the_meaning_of_their_map_or_of_the_profile(string formats, string attribute, string expected)
    {
        MediaDescription media = Audio(formats, attribute);

        Assert.Equal(expected, string.Join('|', ((IEnumerable<MediaFormat>)media.RtpFormats()).Select(f => f.ToRtpMap())));
    }

    [Fact]
    public void A_static_number_means_nothing_in_video()
    {
        Assert.Empty((Audio("0", "") with { Media = "video" }).RtpFormats());
    }

    [Theory]
    [InlineData("fmtp:101 0-15", "0-15")]
    [InlineData("fmtp:101  0-15 ", "0-15")]
    [InlineData("fmtp:1010 0-15", null)]
    [InlineData("fmtp:101", null)]
    public void Parameters_belong_to_their_number(string attribute, string? expected)
    {
        MediaDescription media = Audio("101", "rtpmap:101 telephone-event/8000", attribute);

        Assert.Equal(expected, media.RtpFormats()[0].Parameters);
        Assert.True(media.RtpFormats()[0].IsTelephoneEvent);
    }

    [Theory]
    [InlineData("", "10.0.0.1:4001")]
    [InlineData("rtcp:53020", "10.0.0.1:53020")]
    [InlineData("rtcp:53020 IN IP4 126.16.64.4", "126.16.64.4:53020")]
    [InlineData("rtcp:53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD", "[2001:2345:6789:abcd:ef01:2345:6789:abcd]:53020")]
    [InlineData("rtcp:x", "10.0.0.1:4001")]
    [InlineData("rtcp:53020 IN IP4", "10.0.0.1:4001")]
    [InlineData("rtcp:53020 IN IP4 host.example.com", "10.0.0.1:4001")]
    public void RTCP_goes_where_RFC_3605_says_and_else_to_the_next_port(string attribute, string expected)
    {
        Assert.Equal(expected, Audio("0", attribute).RtcpAddress(Rtp).ToString());
    }

    [Theory]
    [InlineData("ptime:20", 20.0)]
    [InlineData("ptime:2.5", 2.5)]
    [InlineData("ptime:0", null)]
    [InlineData("ptime:-20", null)]
    [InlineData("ptime:twenty", null)]
    [InlineData("ptime:1000000", null)]
    [InlineData("ptime", null)]
    [InlineData("", null)]
    public void The_packet_time_is_a_number_of_milliseconds(string attribute, double? expected)
    {
        Assert.Equal(expected, Audio("0", attribute).PacketTime?.TotalMilliseconds);
    }

    [Theory]
    [InlineData("", "", MediaDirection.SendReceive)]
    [InlineData("inactive", "", MediaDirection.Inactive)]
    [InlineData("inactive", "sendrecv", MediaDirection.SendReceive)]
    [InlineData("sendonly", "recvonly", MediaDirection.ReceiveOnly)]
    [InlineData("", "sendonly", MediaDirection.SendOnly)]
    public void The_nearest_direction_holds(string session, string media, MediaDirection expected)
    {
        MediaDescription stream = Audio("0", media);
        SessionDescription description = new()
        {
            Origin = new SdpOrigin("-", "1", 1, "IP4", "h"),
            Attributes = session.Length == 0 ? [] : [new SdpAttribute(session)],
            Media = [stream],
        };

        Assert.Equal(expected, description.DirectionOf(stream));
    }

    [Fact]
    public void Directions_mirror()
    {
        Assert.Equal(MediaDirection.ReceiveOnly, MediaDirection.SendOnly.Mirror());
        Assert.Equal(MediaDirection.SendOnly, MediaDirection.ReceiveOnly.Mirror());
        Assert.Equal(MediaDirection.SendReceive, MediaDirection.SendReceive.Mirror());
        Assert.Equal(MediaDirection.Inactive, MediaDirection.Inactive.Mirror());
    }

    [Fact]
    public void A_line_with_thousands_of_formats_costs_no_more_than_the_numbers_there_are()
    {
        string formats = string.Join(' ', Enumerable.Range(0, 10_000).Select(i => i % 128));
        string[] attributes = [.. Enumerable.Range(0, 4000).Select(_ => "rtpmap:5 x/8000")];

        Assert.Equal(17, Audio(formats, attributes).RtpFormats().Count);
    }

    private static MediaDescription Audio(string formats, params string[] attributes) => new()
    {
        Media = "audio",
        Port = Rtp.Port,
        Protocol = "RTP/AVP",
        Formats = [.. formats.Split(' ')],
        Attributes = [.. attributes.Where(a => a.Length > 0).Select(a => a.Split(':', 2)).Select(a => new SdpAttribute(a[0], a.Length > 1 ? a[1] : null))],
    };
}
