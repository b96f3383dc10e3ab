using System.Globalization;
using Parley.Core;

namespace Parley.Sdp;

/// <summary>One stream of a session: an <c>m=</c> line and what follows it.</summary>
/// <remarks>Immutable and compared as a value. Source: RFC 8866 5.14.</remarks>
public sealed record MediaDescription
{
    /// <summary><c>audio</c>, <c>video</c>, <c>text</c>, <c>application</c>, <c>message</c>, <c>image</c>.</summary>
    public required string Media { get; init; }

    /// <summary>Where media is received; 0 rejects or ends the stream (RFC 3264 5.1, 8.2).</summary>
    public ushort Port { get; init; }

    /// <summary>How many ports, for layered encodings; 1 where nothing is said.</summary>
    public int PortCount { get; init; } = 1;

    /// <summary>The transport: <c>RTP/AVP</c>, <c>RTP/SAVPF</c>, <c>UDP/TLS/RTP/SAVPF</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The formats in order of preference; for RTP the payload type numbers.</summary>
    public SdpList<string> Formats { get; init; } = [];

    /// <summary>The <c>i=</c> line.</summary>
    public string? Information { get; init; }

    /// <summary>The <c>c=</c> lines: none when the session's holds, several only for multicast layers.</summary>
    public SdpList<SdpConnection> Connections { get; init; } = [];

    /// <summary>The <c>b=</c> lines.</summary>
    public SdpList<SdpBandwidth> Bandwidths { get; init; } = [];

    /// <summary>The <c>k=</c> line, obsolete and kept.</summary>
    public string? Key { get; init; }

    /// <summary>The <c>a=</c> lines in order, known or not.</summary>
    public SdpList<SdpAttribute> Attributes { get; init; } = [];

    /// <summary>True when the stream is rejected or ended.</summary>
    public bool IsRejected => Port == 0;

    /// <summary>True when the stream goes by RTP, whatever its profile.</summary>
    public bool IsRtp => Protocol.Contains("RTP/", StringComparison.Ordinal);

    /// <summary>The direction that the stream itself states; null when the session's holds.</summary>
    public MediaDirection? Direction => MediaDirectionExtensions.Find(Attributes);

    /// <summary>The wish for sound per packet that is sent to this side (<c>ptime</c>).</summary>
    /// <value>Null when absent or not a number of milliseconds above 0.</value>
    public TimeSpan? PacketTime => Milliseconds("ptime");

    /// <summary>The most sound per packet that this side takes (<c>maxptime</c>).</summary>
    /// <value>Null when absent or not a number of milliseconds above 0.</value>
    public TimeSpan? MaxPacketTime => Milliseconds("maxptime");

    /// <summary>True when RTP and RTCP may share the port (<c>rtcp-mux</c>, RFC 5761).</summary>
    public bool RtcpMux => HasAttribute("rtcp-mux");

    /// <summary>True when there is an attribute of this name.</summary>
    public bool HasAttribute(string name)
    {
        foreach (SdpAttribute attribute in Attributes)
        {
            if (attribute.Name == name) return true;
        }

        return false;
    }

    /// <summary>The value of the first attribute of this name.</summary>
    /// <returns>Null when there is none or it has no value.</returns>
    public string? AttributeValue(string name)
    {
        foreach (SdpAttribute attribute in Attributes)
        {
            if (attribute.Name == name) return attribute.Value;
        }

        return null;
    }

    /// <summary>The formats that are RTP payload types with a known meaning, in order of preference.</summary>
    /// <remarks>A number without an <c>rtpmap</c> has its meaning of RFC 3551 when this is audio, and is left out otherwise.</remarks>
    public SdpList<MediaFormat> RtpFormats()
    {
        SdpList<MediaFormat> formats = [];
        UInt128 seen = 0;       // at most 128 look-ups, however long the line is
        foreach (string text in Formats)
        {
            if (!byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte number) || number > 127) continue;
            if ((seen >> number & 1) != 0) continue;
            seen |= UInt128.One << number;
            MediaFormat? format = FindRtpMap(number) ?? (Media == "audio" ? MediaFormat.FromStaticAudio(number) : null);
            if (format is not null) formats = formats.Add(format with { Parameters = FindParameters(text) });
        }

        return formats;
    }

    /// <summary>Where this side receives RTCP.</summary>
    /// <param name="rtp">Where it receives RTP.</param>
    /// <returns>What the <c>rtcp</c> attribute says; without one the next higher port.</returns>
    /// <remarks>Source: RFC 3605 2.1, RFC 3550 11.</remarks>
    public NetworkAddress RtcpAddress(NetworkAddress rtp)
    {
        NetworkAddress usual = rtp.WithPort((ushort)(rtp.Port + 1));
        if (AttributeValue("rtcp") is not { } value) return usual;
        string[] fields = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (1 or 4)
            || !ushort.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) return usual;
        if (fields.Length == 1) return rtp.WithPort(port);
        return new SdpConnection(fields[2], fields[3], fields[1]).TryGetAddress(port, out NetworkAddress address) ? address : usual;
    }

    private MediaFormat? FindRtpMap(byte number)
    {
        foreach (SdpAttribute attribute in Attributes)
        {
            if (attribute is { Name: "rtpmap", Value: { } value }
                && MediaFormat.TryParseRtpMap(value, out MediaFormat? format) && format!.PayloadType == number) return format;
        }

        return null;
    }

    private string? FindParameters(string format)
    {
        foreach (SdpAttribute attribute in Attributes)
        {
            if (attribute is { Name: "fmtp", Value: { } value }
                && value.StartsWith(format, StringComparison.Ordinal)
                && value.Length > format.Length && value[format.Length] == ' ') return value[(format.Length + 1)..].Trim(' ');
        }

        return null;
    }

    private TimeSpan? Milliseconds(string name) =>
        double.TryParse(AttributeValue(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value is > 0 and <= 10_000 ? TimeSpan.FromMilliseconds(value) : null;
}
