using Parley.Media.Streams;

namespace Parley.UserAgent;

/// <summary>What a call says and where goes what it hears.</summary>
/// <remarks>Source and sink are called on the agent's loop, so they must not block. The sink's End is called once, however the call ends.</remarks>
public sealed record CallAudio
{
    /// <summary>Silence, and nobody listens.</summary>
    public static CallAudio None { get; } = new();

    /// <summary>What is said once the call is answered; null for silence.</summary>
    public IAudioSource? Source { get; init; }

    /// <summary>Who hears the other side, early media included; null for nobody.</summary>
    public IAudioSink? Sink { get; init; }

    /// <summary>Who records the call, both directions with their times, from the answer and early media on; null for nobody.</summary>
    public IAudioTap? Recorder { get; init; }

    /// <summary>True when the sink keeps what it hears: the other side is told that the call is recorded, as with a <see cref="Recorder"/>, from the answer on.</summary>
    public bool SinkRecords { get; init; }

    /// <summary>True to let a tone sound while the call is recorded and the other side's phone has not said that it would show that (RFC 7866 6.1.2).</summary>
    public bool HasRecordingTone { get; init; }

    /// <summary>True to hang up when the source has ended and its last packet was sent and had the time to be played.</summary>
    public bool HangUpAfterSource { get; init; }

    /// <summary>True to press each key that the other side presses.</summary>
    public bool EchoesDigits { get; init; }

    /// <summary>The other side hears itself, and its keys come back.</summary>
    /// <param name="listener">Who hears the other side too; null for nobody.</param>
    public static CallAudio Echo(IAudioSink? listener = null)
    {
        var echo = new EchoAudio();
        return new CallAudio { Source = echo, Sink = listener is null ? echo : new AudioSinkGroup(echo, listener), EchoesDigits = true };
    }
}
