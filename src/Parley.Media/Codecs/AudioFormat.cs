namespace Parley.Media.Codecs;

/// <summary>How a codec is named and clocked in RTP and SDP.</summary>
/// <param name="Name">The encoding name of its <c>rtpmap</c>; compared without regard to case.</param>
/// <param name="PayloadType">Its number in offers: the static one of RFC 3551, else one from 96 to 127.</param>
/// <param name="ClockRate">RTP timestamp units per second.</param>
/// <param name="SampleRate">Samples per second and channel; differs from the clock rate for G.722 (RFC 3551 4.5.2).</param>
/// <param name="Channels">Channels of its <c>rtpmap</c>.</param>
/// <param name="Parameters">The text of its <c>fmtp</c> in offers, null without one.</param>
public sealed record AudioFormat(string Name, byte PayloadType, int ClockRate, int SampleRate, int Channels = 1, string? Parameters = null)
{
    /// <summary>RTP timestamp units that a number of samples lasts.</summary>
    public uint ToTimestampUnits(int samples) => (uint)((long)samples * ClockRate / SampleRate);

    /// <summary>Samples that last a number of RTP timestamp units.</summary>
    public int ToSamples(uint timestampUnits) => (int)((long)timestampUnits * SampleRate / ClockRate);

    /// <summary>Samples that last a time.</summary>
    public int SamplesIn(TimeSpan time) => (int)(time.Ticks * SampleRate / TimeSpan.TicksPerSecond);
}
