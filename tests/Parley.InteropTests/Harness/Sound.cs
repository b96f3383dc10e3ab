using Parley.TestSupport;

namespace Parley.InteropTests.Harness;

/// <summary>Says whether a recording is the speech that the other side played.</summary>
internal static class Sound
{
    private const double LeastSignalToNoise = 30;
    private const double MostAtSeams = 0.3;             // of the pieces: each place where sound was left out costs three
    private const double MostShift = 0.2;               // s: two playouts, of an echo, or one that began while a machine was busy, come down by so much
    private const double MostMissing = 0.05;            // s

    /// <summary>The whole speech is in the recording: 30 dB or better against the speech as G.711 codes it, with no piece missing or shifted.</summary>
    /// <param name="output">Gets what was measured.</param>
    /// <param name="speech">What was played: 8 kHz.</param>
    /// <param name="recording">What was heard.</param>
    /// <param name="codec">"PCMU" or "PCMA".</param>
    public static async Task AssertHeardAsync(ITestOutputHelper output, string speech, string recording, string codec = "PCMU")
    {
        (short[] reference, int sampleRate) = Wav.Read(await Speech.CodedAsync(speech, codec));
        (short[] heard, int heardRate) = Wav.Read(recording);
        Assert.Equal(sampleRate, heardRate);
        AudioComparison comparison = Compare(output, speech, recording, reference, heard, sampleRate);
        Assert.True(comparison is { SignalToNoise: >= LeastSignalToNoise, MissingSamples: 0, LargestShiftSamples: 0 }, $"{recording} beside {speech}: {comparison}");
    }

    /// <summary>
    /// The whole speech was heard by Parley, whose playout may have left out periods of a voice or played them twice when packets came
    /// late or its delay was too long: between such places it is 30 dB or better against the speech as G.711 codes it.
    /// </summary>
    /// <param name="output">Gets what was measured.</param>
    /// <param name="speech">What was played: 8 kHz.</param>
    /// <param name="recording">What was heard.</param>
    /// <param name="codec">"PCMU" or "PCMA".</param>
    public static async Task AssertHeardByParleyAsync(ITestOutputHelper output, string speech, string recording, string codec = "PCMU")
    {
        (short[] reference, int sampleRate) = Wav.Read(await Speech.CodedAsync(speech, codec));
        (short[] heard, int heardRate) = Wav.Read(recording);
        Assert.Equal(sampleRate, heardRate);
        AssertFollowed(output, speech, recording, reference, heard, sampleRate, LeastSignalToNoise);
    }

    /// <summary>The whole speech was heard by Parley after a change of its sample rate, which moves each sample a little: 10 dB, played out as above.</summary>
    public static async Task AssertRecognisedAsync(ITestOutputHelper output, string speech, string recording)
    {
        (short[] reference, int sampleRate) = Wav.Read(await Speech.CodedAsync(speech, "PCMU"));
        AssertFollowed(output, speech, recording, reference, Wav.Read(recording).Samples, sampleRate, 10);
    }

    /// <summary>The whole speech was heard after a codec that keeps the sound and not the samples: no piece missing, and like it where both are in phase.</summary>
    /// <param name="output">Gets what was measured.</param>
    /// <param name="speech">What was played.</param>
    /// <param name="recording">What was heard, at any rate.</param>
    /// <param name="leastSignalToNoise">dB.</param>
    public static async Task AssertAlikeAsync(ITestOutputHelper output, string speech, string recording, double leastSignalToNoise)
    {
        // At a rate at which a shift by a whole sample is a small one.
        (short[] reference, int sampleRate) = Wav.Read(await Speech.AtAsync(speech, 48000));
        AssertFollowed(output, speech, recording, reference, Wav.Read(await Speech.AtAsync(recording, 48000)).Samples, sampleRate, leastSignalToNoise);
    }

    private static void AssertFollowed(ITestOutputHelper output, string speech, string recording, short[] reference, short[] heard, int sampleRate, double least)
    {
        ElasticComparison comparison = ElasticComparison.Compare(reference, heard, sampleRate, least);
        output.WriteLine($"{Path.GetFileName(recording)} beside {Path.GetFileName(speech)}: {comparison}");
        Assert.True(
            comparison.Pieces > 0 && comparison.SignalToNoise >= least && comparison.SeamPieces <= MostAtSeams * comparison.Pieces
                && Math.Abs(comparison.LargestShiftSamples) <= MostShift * sampleRate && comparison.MissingSamples <= MostMissing * sampleRate,
            $"{recording} beside {speech}: {comparison}");
    }

    private static AudioComparison Compare(ITestOutputHelper output, string speech, string recording, short[] reference, short[] heard, int sampleRate)
    {
        AudioComparison comparison = AudioComparison.Compare(reference, heard, sampleRate);
        output.WriteLine($"{Path.GetFileName(recording)} beside {Path.GetFileName(speech)}: {comparison}");
        return comparison;
    }
}
