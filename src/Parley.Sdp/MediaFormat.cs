using System.Globalization;

namespace Parley.Sdp;

/// <summary>What an RTP payload type number means: an <c>rtpmap</c> with its <c>fmtp</c>.</summary>
/// <param name="PayloadType">0 to 127.</param>
/// <param name="EncodingName">The subtype of its media type; compared without regard to case.</param>
/// <param name="ClockRate">RTP timestamp units per second.</param>
/// <param name="Channels">Audio channels, 1 where nothing is said.</param>
/// <param name="Parameters">The text of the <c>fmtp</c> behind the format, null without one.</param>
/// <remarks>Source: RFC 8866 6.6 and 6.15.</remarks>
public sealed record MediaFormat(byte PayloadType, string EncodingName, int ClockRate, int Channels = 1, string? Parameters = null)
{
    /// <summary>The encoding name of DTMF and other named events (RFC 4733).</summary>
    public const string TelephoneEvent = "telephone-event";

    /// <summary>The encoding name of payloads that hold several (RFC 2198).</summary>
    public const string Redundancy = "red";

    /// <summary>The encoding name of payloads that say how silence sounds (RFC 3389).</summary>
    public const string ComfortNoise = "CN";

    /// <summary>True for payloads that hold those of codecs, and are none themselves.</summary>
    public bool IsRedundancy => EncodingName.Equals(Redundancy, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for what codecs have: neither named events nor redundancy nor comfort noise.</summary>
    public bool IsCodec => !IsTelephoneEvent && !IsRedundancy && !IsComfortNoise;

    /// <summary>True for payloads that say how silence sounds, and go in the place of a codec's.</summary>
    public bool IsComfortNoise => EncodingName.Equals(ComfortNoise, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for named events, which go beside a codec and are none.</summary>
    public bool IsTelephoneEvent => EncodingName.Equals(TelephoneEvent, StringComparison.OrdinalIgnoreCase);

    /// <summary>True when both name the same encoding, whatever their numbers and parameters.</summary>
    public bool IsSameEncoding(MediaFormat other) =>
        EncodingName.Equals(other.EncodingName, StringComparison.OrdinalIgnoreCase)
        && ClockRate == other.ClockRate && Channels == other.Channels;

    /// <summary>The text of the <c>rtpmap</c> attribute: <c>0 PCMU/8000</c>.</summary>
    public string ToRtpMap() => string.Create(
        CultureInfo.InvariantCulture, $"{PayloadType} {EncodingName}/{ClockRate}{(Channels > 1 ? "/" + Channels : "")}");

    /// <summary>The audio encoding that a number has without an <c>rtpmap</c>.</summary>
    /// <returns>Null for a number that has none.</returns>
    /// <remarks>Source: RFC 3551, table 4.</remarks>
    public static MediaFormat? FromStaticAudio(int payloadType) => payloadType switch
    {
        0 => new(0, "PCMU", 8000),
        3 => new(3, "GSM", 8000),
        4 => new(4, "G723", 8000),
        5 => new(5, "DVI4", 8000),
        6 => new(6, "DVI4", 16000),
        7 => new(7, "LPC", 8000),
        8 => new(8, "PCMA", 8000),
        9 => new(9, "G722", 8000),      // 16 kHz sound with an 8 kHz clock: RFC 3551 4.5.2
        10 => new(10, "L16", 44100, 2),
        11 => new(11, "L16", 44100),
        12 => new(12, "QCELP", 8000),
        13 => new(13, "CN", 8000),
        14 => new(14, "MPA", 90000),
        15 => new(15, "G728", 8000),
        16 => new(16, "DVI4", 11025),
        17 => new(17, "DVI4", 22050),
        18 => new(18, "G729", 8000),
        _ => null,
    };

    /// <summary>Reads the text of an <c>rtpmap</c> attribute.</summary>
    internal static bool TryParseRtpMap(ReadOnlySpan<char> text, out MediaFormat? format)
    {
        format = null;
        int space = text.IndexOf(' ');
        if (space <= 0 || !byte.TryParse(text[..space], NumberStyles.None, CultureInfo.InvariantCulture, out byte number) || number > 127) return false;
        ReadOnlySpan<char> rest = text[(space + 1)..].Trim(' ');
        int slash = rest.IndexOf('/');
        if (slash <= 0) return false;
        ReadOnlySpan<char> clock = rest[(slash + 1)..];
        int channels = 1;
        int second = clock.IndexOf('/');
        if (second >= 0)
        {
            // Behind the second slash stands the number of channels; anything else there is for other media types.
            if (!int.TryParse(clock[(second + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out channels) || channels == 0) channels = 1;
            clock = clock[..second];
        }

        if (!int.TryParse(clock, NumberStyles.None, CultureInfo.InvariantCulture, out int clockRate) || clockRate == 0) return false;
        format = new MediaFormat(number, rest[..slash].ToString(), clockRate, channels);
        return true;
    }
}
