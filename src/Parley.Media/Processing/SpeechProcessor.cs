using Parley.Media.Codecs;

namespace Parley.Media.Processing;

/// <summary>What is done to the sound of a microphone.</summary>
[Flags]
public enum SpeechProcessing
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>What comes out of the loudspeaker is taken out of what the microphone hears.</summary>
    EchoCancellation = 1,

    /// <summary>Noise that goes on all the time is made softer.</summary>
    NoiseReduction = 2,

    /// <summary>Who speaks softly is made louder.</summary>
    GainControl = 4,

    /// <summary>All of it.</summary>
    All = EchoCancellation | NoiseReduction | GainControl,
}

/// <summary>Makes the sound of a microphone fit to be sent, by libspeexdsp: no echo, less noise, even loudness. Not thread-safe.</summary>
/// <remarks>There only where the library is: see <see cref="IsAvailable"/>. An echo may come up to 200 ms after what it is an echo of.</remarks>
public sealed class SpeechProcessor : IDisposable
{
    private const int TailMilliseconds = 200;
    private const int NoiseSuppress = -18;              // dB at most
    private const double AgcTarget = 4400;              // of the loudness that the library measures, at 8 kHz; it grows with the root of the rate: speech of -26 dBov
    private const int AgcMaxGain = 15, AgcIncrement = 12;       // dB, and dB a second
    private const double OnlyEcho = 0.06;               // of the power is left by the canceller (-12 dB): nobody speaks here
    private const double HeardFrom = 1000;              // mean square of what is played: -60 dBov
    private const float Subdued = 0.1f, Step = 0.3f;    // of what is then left, and how fast it gets there
    private const int TailFrames = TailMilliseconds / 10;

    private readonly LibSpeexDsp.EchoState? _echo;
    private readonly LibSpeexDsp.PreprocessState? _preprocess;
    private readonly short[] _output;
    private double _powerBefore, _powerBehind;
    private int _sincePlayed = TailFrames;
    private float _gain = 1;

    /// <summary>For sound of a rate.</summary>
    /// <param name="sampleRate">8000 to 48,000 Hz.</param>
    /// <param name="processing">What is to be done.</param>
    /// <exception cref="InvalidOperationException">libspeexdsp is not installed, or has no memory.</exception>
    public SpeechProcessor(int sampleRate, SpeechProcessing processing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 8000);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sampleRate, MaxSampleRate);
        if (!IsAvailable) throw new InvalidOperationException($"{Library} is not installed.");
        FrameSamples = sampleRate / 100;
        _output = new short[FrameSamples];
        if (processing.HasFlag(SpeechProcessing.EchoCancellation))
        {
            _echo = LibSpeexDsp.speex_echo_state_init(FrameSamples, sampleRate * TailMilliseconds / 1000);
            if (_echo.IsInvalid) throw new InvalidOperationException("libspeexdsp made no echo canceller.");
            _ = LibSpeexDsp.speex_echo_ctl(_echo, LibSpeexDsp.EchoSetSamplingRate, ref sampleRate);
        }

        if (processing == SpeechProcessing.None) return;
        _preprocess = LibSpeexDsp.speex_preprocess_state_init(FrameSamples, sampleRate);
        if (_preprocess.IsInvalid) throw new InvalidOperationException("libspeexdsp made no preprocessor.");
        Set(LibSpeexDsp.SetDenoise, processing.HasFlag(SpeechProcessing.NoiseReduction) ? 1 : 0);
        Set(LibSpeexDsp.SetNoiseSuppress, NoiseSuppress);
        Set(LibSpeexDsp.SetAgc, processing.HasFlag(SpeechProcessing.GainControl) ? 1 : 0);
        Set(LibSpeexDsp.SetAgcTarget, (int)(AgcTarget * Math.Sqrt(sampleRate / 8000.0)));
        Set(LibSpeexDsp.SetAgcMaxGain, AgcMaxGain);
        Set(LibSpeexDsp.SetAgcIncrement, AgcIncrement);
        // What the canceller leaves of the echo is made softer as noise is.
        if (_echo is not null) _ = LibSpeexDsp.speex_preprocess_ctl(_preprocess, LibSpeexDsp.SetEchoState, _echo);
    }

    /// <summary>The highest rate that it works at.</summary>
    public const int MaxSampleRate = 48_000;

    /// <summary>True where libspeexdsp is installed.</summary>
    public static bool IsAvailable => LibSpeexDsp.IsThere;

    /// <summary>The library's file, as it is called here.</summary>
    public static string Library => NativeCodecs.FileOf(LibSpeexDsp.Library);

    /// <summary>Samples of a frame: 10 ms.</summary>
    public int FrameSamples { get; }

    /// <summary>Works on a frame, in place.</summary>
    /// <param name="spoken">What the microphone heard: <see cref="FrameSamples"/>.</param>
    /// <param name="played">What the loudspeaker was given for the same time, or up to 200 ms before what is heard of it: as many.</param>
    public void Process(Span<short> spoken, ReadOnlySpan<short> played)
    {
        if (spoken.Length != FrameSamples || played.Length != FrameSamples) throw new ArgumentException("A frame is 10 ms.", nameof(spoken));
        if (_echo is not null)
        {
            LibSpeexDsp.speex_echo_cancellation(_echo, spoken, played, _output);
            Subdue(spoken, played);
            _output.CopyTo(spoken);
        }

        if (_preprocess is not null) _ = LibSpeexDsp.speex_preprocess_run(_preprocess, spoken);
    }

    /// <summary>The microphone begins anew: the way that echoes take is learned again.</summary>
    public void Reset()
    {
        if (_echo is not null) LibSpeexDsp.speex_echo_state_reset(_echo);
    }

    /// <summary>Gives the library's memory back.</summary>
    public void Dispose()
    {
        _preprocess?.Dispose();     // it looks at the canceller
        _echo?.Dispose();
    }

    /// <summary>Makes what the canceller left softer while nothing but an echo is heard, or the gain control would bring it back.</summary>
    private void Subdue(ReadOnlySpan<short> spoken, ReadOnlySpan<short> played)
    {
        _sincePlayed = MeanSquare(played) > HeardFrom ? 0 : Math.Min(_sincePlayed + 1, TailFrames);
        _powerBefore += 0.3 * (MeanSquare(spoken) - _powerBefore);
        _powerBehind += 0.3 * (MeanSquare(_output) - _powerBehind);
        float wanted = _sincePlayed < TailFrames && _powerBehind < OnlyEcho * _powerBefore ? Subdued : 1, from = _gain;
        _gain += Math.Clamp(wanted - _gain, -Step, 1);
        if (from == 1 && _gain == 1) return;
        for (int i = 0; i < _output.Length; i++) _output[i] = (short)MathF.Round(_output[i] * (from + ((_gain - from) * i / _output.Length)));
    }

    private static double MeanSquare(ReadOnlySpan<short> samples)
    {
        double sum = 0;
        foreach (short sample in samples) sum += (double)sample * sample;
        return sum / samples.Length;
    }

    private void Set(int request, int value) => _ = LibSpeexDsp.speex_preprocess_ctl(_preprocess!, request, ref value);
}
