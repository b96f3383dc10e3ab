using Parley.Media.Codecs;
using Parley.Rtp.Rtcp.ExtendedReports;
using Parley.Rtp.Srtp;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Where the codecs of <see cref="AudioCodecs"/> and the formats of session descriptions meet.</summary>
public static class AudioNegotiation
{
    private const byte TelephoneEventNumber = 101;      // what nearly everybody uses
    private const byte RedundancyNumber = 121;          // as in RFC 2198
    private const byte ComfortNoiseNumber = 13, LowestDynamicNumber = 96;

    // What tells most in few bytes: an INVITE is not to outgrow a datagram.
    // No loss runs: Debian's tshark (4.0.17) takes every such block for malformed.
    private static readonly RtcpXr WantedReports = new() { RoundTrip = RtcpXrRoundTrip.All, VoipMetrics = true };

    // The strongest first (RFC 4568 5.1.1). Three are offered, so that an INVITE does not outgrow a datagram: the last is what everybody has.
    private static readonly SrtpSuite[] OfferedSuites = [SrtpSuite.AeadAes256Gcm, SrtpSuite.AeadAes128Gcm, SrtpSuite.AesCm128Tag80];

    /// <summary>What to offer: the codecs in their order, and DTMF for each of their clock rates, the lowest with the usual number.</summary>
    /// <param name="codecs">The codecs.</param>
    /// <param name="srtp">Whether media is protected.</param>
    /// <param name="redundancy">Whether packets may hold the sound of earlier ones besides their own.</param>
    /// <param name="audioLevels">Whether packets say how loud they are.</param>
    /// <param name="silence">Whether comfort noise is offered, or only answered.</param>
    public static AudioCapabilities ToCapabilities(
        this AudioCodecs codecs, SrtpUse srtp = SrtpUse.Off, bool redundancy = true, bool audioLevels = false, SilenceSuppression silence = SilenceSuppression.WhenAsked)
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

        foreach (int clockRate in clockRates.Order())
        {
            byte number = TelephoneEventNumber;
            while (formats.Exists(f => f.PayloadType == number)) number++;
            formats.Add(new MediaFormat(number, MediaFormat.TelephoneEvent, clockRate, 1, AudioCapabilities.DtmfEvents));
        }

        if (redundancy) AddRedundancy(codecs, formats);
        if (silence != SilenceSuppression.Never) AddComfortNoise(codecs, formats);
        return new AudioCapabilities
        {
            Formats = [.. formats],
            OfferComfortNoise = silence == SilenceSuppression.Always,
            OfferAllRedundancy = false,         // an INVITE would outgrow a datagram
            Srtp = srtp,
            CryptoSuites = Suites(),
            ExtendedReports = WantedReports,
            AudioLevels = audioLevels,
        };
    }

    /// <summary>What a session sends of the extended reports that the other side asks for.</summary>
    internal static XrAgreement ToAgreement(this RtcpXr? wanted) => wanted is null ? XrAgreement.None : new XrAgreement
    {
        LossRunsLengthBytes = wanted.LossRuns,
        DuplicateRunsLengthBytes = wanted.DuplicateRuns,
        ReceiptTimesLengthBytes = wanted.ReceiptTimes,
        ReferenceTime = wanted.RoundTrip != RtcpXrRoundTrip.None,
        OnlySendersAnswer = wanted.RoundTrip == RtcpXrRoundTrip.Sender,
        SummaryOfLoss = wanted.SummaryOfLoss,
        SummaryOfDuplicates = wanted.SummaryOfDuplicates,
        SummaryOfJitter = wanted.SummaryOfJitter,
        VoipMetrics = wanted.VoipMetrics,
    };

    /// <summary>Adds redundancy for the clock rates of the codecs that suit it, the preferred one first.</summary>
    private static void AddRedundancy(AudioCodecs codecs, List<MediaFormat> formats)
    {
        foreach (IAudioCodec codec in codecs.Span)
        {
            (int clockRate, int channels) = (codec.Format.ClockRate, codec.Format.Channels);
            if (!codec.SuitsRedundancy || formats.Exists(f => f.IsRedundancy && f.ClockRate == clockRate && f.Channels == channels)) continue;
            byte number = RedundancyNumber;
            while (formats.Exists(f => f.PayloadType == number)) number++;
            formats.Add(new MediaFormat(number, MediaFormat.Redundancy, clockRate, channels));
        }
    }

    /// <summary>Adds comfort noise for the clock rates of the codecs that do not leave silence out themselves: 13 is that of 8 kHz (RFC 3389 4).</summary>
    private static void AddComfortNoise(AudioCodecs codecs, List<MediaFormat> formats)
    {
        foreach (IAudioCodec codec in codecs.Span)
        {
            int clockRate = codec.Format.ClockRate;
            if (codec.SuppressesSilence || formats.Exists(format => format.IsComfortNoise && format.ClockRate == clockRate)) continue;
            byte number = clockRate == 8000 ? ComfortNoiseNumber : LowestDynamicNumber;
            while (formats.Exists(f => f.PayloadType == number)) number++;
            formats.Add(new MediaFormat(number, MediaFormat.ComfortNoise, clockRate));
        }
    }

    private static SdpList<CryptoSuite> Suites()
    {
        SdpList<CryptoSuite> suites = [];
        foreach (SrtpSuite suite in OfferedSuites) suites = suites.Add(ToCryptoSuite(suite, isOffered: true));
        foreach (SrtpSuite suite in SrtpSuite.All)
        {
            if (!OfferedSuites.Contains(suite)) suites = suites.Add(ToCryptoSuite(suite, isOffered: false));
        }

        return suites;
    }

    private static CryptoSuite ToCryptoSuite(SrtpSuite suite, bool isOffered) => new(suite.Name, suite.MasterKeyLengthBytes + suite.MasterSaltLengthBytes, isOffered);

    /// <summary>The codec of a negotiated format, at the sample rate that suits what the other side says of itself.</summary>
    /// <returns>Null when it is none of these.</returns>
    public static IAudioCodec? Find(this AudioCodecs codecs, NegotiatedFormat format)
    {
        ArgumentNullException.ThrowIfNull(codecs);
        ArgumentNullException.ThrowIfNull(format);
        return codecs.Find(format.Format.EncodingName, format.Format.ClockRate, format.Format.Channels)?.For(format.Format.Parameters);
    }
}
