namespace Parley.Phone.Sound.Devices;

/// <summary>A microphone or a loudspeaker: mono samples, moved by a thread that may wait for them.</summary>
internal interface ISoundDevice : IDisposable
{
    /// <summary>Samples per second.</summary>
    int SampleRate { get; }

    /// <summary>How often it ran dry or over, and was started again.</summary>
    int Breaks { get; }

    /// <summary>Samples of a loudspeaker that were written and are not heard yet; 0 for one that has no clock.</summary>
    int Waiting { get; }

    /// <summary>Begins, or begins anew behind a <see cref="Stop"/>.</summary>
    /// <returns>False when it does not work any more.</returns>
    bool Start();

    /// <summary>Stops at once.</summary>
    void Stop();

    /// <summary>Reads from a microphone.</summary>
    /// <param name="samples">To be filled.</param>
    /// <returns>Samples read: all, 0 when none came within some 100 ms, less than 0 when it does not work any more.</returns>
    int Read(Span<short> samples);

    /// <summary>Writes to a loudspeaker; waits while it has enough.</summary>
    /// <returns>0 when it took none within some 100 ms, less than 0 when it does not work any more; else all.</returns>
    int Write(ReadOnlySpan<short> samples);
}
