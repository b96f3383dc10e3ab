using Parley.Media.Codecs;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Where the codecs of <see cref="AudioCodecs"/> and the formats of session descriptions meet.</summary>
public static class AudioNegotiation
{
    private const byte TelephoneEventNumber = 101;      // what nearly everybody uses

    /// <summary>What to offer: the codecs in their order, and DTMF for each of their clock rates.</summary>
    public static AudioCapabilities ToCapabilities(this AudioCodecs codecs)
    {
        ArgumentNullException.ThrowIfNull(codecs);
        List<MediaFormat> formats = [];
        List<int> clockRates = [];
        foreach (IAudioCodec codec in codecs.Span)
        {
            AudioFormat format = codec.Format;
            formats.Add(new MediaFormat(format.PayloadType, format.Name, format.ClockRate, format.Channels, format.Parameters));
            if (!clockRates.Contains(format.ClockRate)) clockRates.Add(format.ClockRate);
        }

        foreach (int clockRate in clockRates)
        {
            byte number = TelephoneEventNumber;
            while (formats.Exists(f => f.PayloadType == number)) number++;
            formats.Add(new MediaFormat(number, MediaFormat.TelephoneEvent, clockRate, 1, AudioCapabilities.DtmfEvents));
        }

        return new AudioCapabilities { Formats = [.. formats] };
    }

    /// <summary>The codec of a negotiated format.</summary>
    /// <returns>Null when it is none of these.</returns>
    public static IAudioCodec? Find(this AudioCodecs codecs, NegotiatedFormat format)
    {
        ArgumentNullException.ThrowIfNull(codecs);
        ArgumentNullException.ThrowIfNull(format);
        return codecs.Find(format.Format.EncodingName, format.Format.ClockRate, format.Format.Channels);
    }
}
