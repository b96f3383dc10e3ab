using Parley.Core;

namespace Parley.Media.Streams;

/// <summary>Hears both sides of a call, each with its time: what is played, and what is sent, keys and all.</summary>
/// <remarks>Called on the media loop, so it must not block; one caller at a time.</remarks>
public interface IAudioTap
{
    /// <summary>The other side is heard.</summary>
    /// <param name="at">When the first of these samples is played.</param>
    /// <param name="sampleRate">Per second.</param>
    /// <param name="samples">Mono, 16-bit; only valid during the call.</param>
    void OnReceived(Instant at, int sampleRate, ReadOnlySpan<short> samples);

    /// <summary>Something is said to the other side.</summary>
    /// <param name="at">When the first of these samples is said, on the same clock.</param>
    /// <param name="sampleRate">Per second.</param>
    /// <param name="samples">Mono, 16-bit; only valid during the call.</param>
    void OnSent(Instant at, int sampleRate, ReadOnlySpan<short> samples);

    /// <summary>It hears nothing for now; the time until it does again is left out.</summary>
    void OnPaused();
}
