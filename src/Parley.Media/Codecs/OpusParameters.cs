using System.Globalization;

namespace Parley.Media.Codecs;

/// <summary>What a receiver of Opus says of itself in its <c>fmtp</c>.</summary>
/// <param name="MaxPlaybackRate">The highest sample rate that it plays: 8000 to 48000 Hz.</param>
/// <param name="MaxAverageBitrate">The most bits per second that it takes: 6000 to 510,000; null when it does not say.</param>
/// <param name="UsesInbandFec">Whether it makes use of redundancy.</param>
/// <param name="UsesDtx">Whether it likes nothing to be sent in silence.</param>
/// <param name="IsCbr">Whether it wants a constant bit rate.</param>
/// <param name="MaxCaptureRate">The highest sample rate that it takes sound in with; null when it does not say.</param>
/// <remarks>What else is in it (<c>stereo</c>, <c>sprop-stereo</c>) changes nothing for a sender of one channel. Source: RFC 7587 6.1 and 7.1.</remarks>
internal readonly record struct OpusParameters(int MaxPlaybackRate, int? MaxAverageBitrate, bool UsesInbandFec, bool UsesDtx, bool IsCbr, int? MaxCaptureRate = null)
{
    /// <summary>Reads an <c>fmtp</c>; a parameter that is unknown, or has a value that it cannot have, is passed over.</summary>
    public static OpusParameters Parse(string? fmtp)
    {
        var read = new OpusParameters(48000, null, false, false, false);
        foreach (Range range in fmtp.AsSpan().Split(';'))
        {
            ReadOnlySpan<char> parameter = fmtp.AsSpan(range);
            int equals = parameter.IndexOf('=');
            if (equals < 0 || !int.TryParse(parameter[(equals + 1)..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int value)) continue;
            ReadOnlySpan<char> name = parameter[..equals].Trim();
            if (Is(name, "maxplaybackrate") && value is >= 8000 and <= 48000) read = read with { MaxPlaybackRate = value };
            else if (Is(name, "sprop-maxcapturerate") && value is >= 8000 and <= 48000) read = read with { MaxCaptureRate = value };
            else if (Is(name, "maxaveragebitrate") && value is >= 6000 and <= 510_000) read = read with { MaxAverageBitrate = value };
            else if (Is(name, "useinbandfec")) read = read with { UsesInbandFec = value == 1 };
            else if (Is(name, "usedtx")) read = read with { UsesDtx = value == 1 };
            else if (Is(name, "cbr")) read = read with { IsCbr = value == 1 };
        }

        return read;
    }

    private static bool Is(ReadOnlySpan<char> name, string expected) => name.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
