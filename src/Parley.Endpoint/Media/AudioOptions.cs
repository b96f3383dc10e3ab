using Parley.Rtp.Jitter;

namespace Parley.Endpoint.Media;

/// <summary>How a call's audio is sent and played.</summary>
public sealed record AudioOptions
{
    /// <summary>The name that ties a participant's streams together in RTCP (RFC 7022); different for each call.</summary>
    public required string CanonicalName { get; init; }

    /// <summary>Delays of the playout.</summary>
    public JitterBufferOptions Jitter { get; init; } = new();

    /// <summary>Whether silence is sent.</summary>
    /// <value>Unless the other side asks for comfort noise.</value>
    public SilenceSuppression Silence { get; init; }

    /// <summary>How long a DTMF digit sounds.</summary>
    /// <value>100 ms; receivers must notice 40 ms (ITU-T Q.24).</value>
    public TimeSpan DtmfDuration { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Silence between DTMF digits.</summary>
    /// <value>100 ms; receivers must notice 40 ms (ITU-T Q.24).</value>
    public TimeSpan DtmfPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How old packets that came before the session was started may be to be played still.</summary>
    /// <value>300 ms: the answer to an offer may be that much later than the media that follows it.</value>
    public TimeSpan EarlyMedia { get; init; } = TimeSpan.FromMilliseconds(300);
}
