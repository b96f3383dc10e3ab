using Parley.Core;

namespace Parley.Endpoint.Media;

/// <summary>What an <see cref="AudioSession"/> wants done or told.</summary>
public enum AudioOutputKind
{
    /// <summary>Send an RTP datagram.</summary>
    SendRtp,

    /// <summary>Send an RTCP datagram.</summary>
    SendRtcp,

    /// <summary>A DTMF digit or another event began or ended.</summary>
    Event,

    /// <summary>The source has given its last sample, and that has been sent.</summary>
    SourceEnded,

    /// <summary>Another interval is measured: <see cref="AudioSession.LastInterval"/>.</summary>
    Quality,

    /// <summary>The other side said goodbye in RTCP; the call itself ends by SIP.</summary>
    RemoteLeft,

    /// <summary>All has been played and the sink is told so: nothing comes any more.</summary>
    Ended,
}

/// <summary>One thing that an <see cref="AudioSession"/> wants done or told.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Datagram">What to send; who takes the output releases it.</param>
/// <param name="Remote">Where to.</param>
/// <param name="Event">What happened.</param>
public readonly record struct AudioOutput(AudioOutputKind Kind, PooledBuffer? Datagram = null, NetworkAddress Remote = default, AudioEvent Event = default);

/// <summary>A DTMF digit or another named event of the other side.</summary>
/// <param name="Code">Its code in RFC 4733; 0 to 15 are the digits.</param>
/// <param name="IsEnd">False when it begins, true when it is over.</param>
/// <param name="Duration">How long it has lasted.</param>
public readonly record struct AudioEvent(byte Code, bool IsEnd, TimeSpan Duration)
{
    /// <summary>The digit: 0-9, *, #, A-D; null for another event.</summary>
    public char? Digit => Rtp.Events.Dtmf.TryGetDigit(Code, out char digit) ? digit : null;
}
