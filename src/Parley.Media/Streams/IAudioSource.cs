namespace Parley.Media.Streams;

/// <summary>Where the sound that is sent comes from: asked for a packet's worth every time one is due.</summary>
/// <remarks>Called on the media loop, so it must not block; one caller at a time.</remarks>
public interface IAudioSource
{
    /// <summary>Says at which rate it will be asked; comes before the first <see cref="Read"/>, and again when the codec changes.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    void Start(int sampleRate);

    /// <summary>Gives the next samples.</summary>
    /// <param name="samples">To be filled from the beginning; mono, 16-bit.</param>
    /// <returns>Samples given. Fewer than asked for means that the source has ended; a source with a pause gives zeros.</returns>
    int Read(Span<short> samples);
}

/// <summary>Where the sound that is received goes: a gapless time line, silence filled in where nothing came.</summary>
/// <remarks>Called on the media loop, so it must not block; one caller at a time.</remarks>
public interface IAudioSink
{
    /// <summary>Says at which rate samples will come; comes before the first <see cref="Write"/>, and again when the codec changes.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    void Start(int sampleRate);

    /// <summary>Takes the next samples.</summary>
    /// <param name="samples">Mono, 16-bit; only valid during the call.</param>
    void Write(ReadOnlySpan<short> samples);

    /// <summary>No more comes.</summary>
    void End();
}
