namespace Parley.Sdp;

/// <summary>The part of offers and answers about what is said of the sound besides it: extended reports, reduced-size RTCP and audio levels.</summary>
/// <remarks>What the other side does not have, or does not know, costs nothing: it is left out. Source: RFC 3611 5.2, RFC 5506 5, RFC 8285 6.</remarks>
internal sealed class ReportingNegotiation(AudioCapabilities capabilities)
{
    private const string ReducedSize = "rtcp-rsize";

    /// <summary>The lines of an offer.</summary>
    /// <param name="before">What held until now: a number keeps its meaning for the session.</param>
    public SdpList<SdpAttribute> Offer(NegotiatedAudio? before)
    {
        SdpList<SdpAttribute> lines = [];
        if (capabilities.ExtendedReports is { } reports) lines = lines.Add(Reports(reports));
        if (capabilities.AudioLevels) lines = lines.Add(Extension(before?.AudioLevel ?? new HeaderExtensionMapping(1, HeaderExtensionMapping.AudioLevelUri)));
        return lines;
    }

    /// <summary>The lines of an answer.</summary>
    /// <param name="audio">What was chosen.</param>
    public SdpList<SdpAttribute> Answer(NegotiatedAudio audio)
    {
        SdpList<SdpAttribute> lines = [];
        if (audio.ExtendedReports is not null && capabilities.ExtendedReports is { } reports) lines = lines.Add(Reports(reports));
        if (audio.ReducedSizeRtcp) lines = lines.Add(new SdpAttribute(ReducedSize));
        if (audio.AudioLevel is { } level) lines = lines.Add(Extension(level));
        return lines;
    }

    /// <summary>Takes the lines of the other side.</summary>
    /// <param name="audio">What is agreed on besides.</param>
    /// <param name="remote">The other side's description.</param>
    /// <param name="media">Its stream.</param>
    /// <param name="isOffer">Whether it is an offer.</param>
    public NegotiatedAudio Take(NegotiatedAudio audio, SessionDescription remote, MediaDescription media, bool isOffer) => audio with
    {
        ExtendedReports = capabilities.ExtendedReports is not null && remote.AttributeOf(media, RtcpXr.AttributeName) is { } reports ? RtcpXr.Parse(reports.Value) : null,
        // Not with RTP/AVP and RTP/SAVP (RFC 5506 4.1), and those are what this side offers.
        ReducedSizeRtcp = isOffer && media.HasAttribute(ReducedSize) && media.Protocol.EndsWith("AVPF", StringComparison.Ordinal),
        AudioLevel = capabilities.AudioLevels ? FindLevel(media.Attributes) ?? FindLevel(remote.Attributes) : null,
    };

    private static SdpAttribute Reports(RtcpXr reports) => new(RtcpXr.AttributeName, reports.ToString());

    private static SdpAttribute Extension(HeaderExtensionMapping mapping) => new(HeaderExtensionMapping.AttributeName, mapping.ToString());

    /// <summary>The number of audio levels, where both sides may send them and it fits the one-byte form, which all can read.</summary>
    private static HeaderExtensionMapping? FindLevel(SdpList<SdpAttribute> attributes)
    {
        foreach (SdpAttribute attribute in attributes)
        {
            if (attribute.Name == HeaderExtensionMapping.AttributeName && HeaderExtensionMapping.TryParse(attribute.Value)
                is { Id: <= 14, Uri: HeaderExtensionMapping.AudioLevelUri, Direction: null or "sendrecv" } mapping) return mapping;
        }

        return null;
    }
}
