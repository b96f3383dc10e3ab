using Parley.Endpoint.Media;
using Parley.Media.Processing;
using Parley.Media.Streams;

namespace Parley.Server.Voicemail;

/// <summary>The two ends of a call that leaves a message: it hears the greeting and a tone, and is recorded from then on.</summary>
/// <remarks>
/// The recording ends after its longest time, after ten seconds in which nothing was said, or when it is told to; what is said then ends too. Sound of more than 16 kHz is
/// recorded at 16: speech needs no more. Both ends are called on the call's loop.
/// </remarks>
internal sealed class RecordingSound
{
    /// <summary>The highest rate that is recorded.</summary>
    public const int MaxSampleRate = 16_000;

    private const int Quiet = 100;          // a magnitude: 50 dB below full scale
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);

    private readonly AudioRecorder _recorder;
    private readonly TimeSpan _longest;
    private readonly IAudioSource[] _said;
    private int _saying;
    private bool _isRecording;
    private bool _isOver;

    /// <summary>The sound of a call.</summary>
    /// <param name="recorder">Where it is recorded.</param>
    /// <param name="longest">The longest recording.</param>
    /// <param name="greeting">What is said first.</param>
    public RecordingSound(AudioRecorder recorder, TimeSpan longest, IAudioSource greeting)
    {
        (_recorder, _longest, _said) = (recorder, longest, [greeting, VoicemailTones.Begin()]);
        Source = new Voice(this);
        Sink = new Ear(this);
    }

    /// <summary>What the caller hears.</summary>
    public IAudioSource Source { get; }

    /// <summary>Takes what the caller says.</summary>
    public IAudioSink Sink { get; }

    /// <summary>Ends the recording: what is said ends too.</summary>
    public void End() => _isOver = true;

    private sealed class Voice(RecordingSound sound) : IAudioSource
    {
        public void Start(int sampleRate)
        {
            foreach (IAudioSource source in sound._said) source.Start(sampleRate);
        }

        public int Read(Span<short> samples)
        {
            if (sound._isOver) return 0;
            int given = 0;
            while (sound._saying < sound._said.Length)
            {
                given += sound._said[sound._saying].Read(samples[given..]);
                if (given == samples.Length) return given;
                sound._saying++;
            }

            sound._isRecording = true;
            samples[given..].Clear();
            return samples.Length;
        }
    }

    private sealed class Ear(RecordingSound sound) : IAudioSink
    {
        private Resampler? _resampler;
        private short[] _resampled = [];
        private int _sampleRate;
        private TimeSpan _recorded, _silent;

        public void Start(int sampleRate)
        {
            _sampleRate = sampleRate;
            _resampler = sampleRate > MaxSampleRate ? new Resampler(sampleRate, MaxSampleRate) : null;
            sound._recorder.Start(Math.Min(sampleRate, MaxSampleRate));
        }

        public void Write(ReadOnlySpan<short> samples)
        {
            if (!sound._isRecording || sound._isOver) return;
            var duration = TimeSpan.FromSeconds((double)samples.Length / _sampleRate);
            _recorded += duration;
            _silent = samples.ContainsAnyExceptInRange<short>(-Quiet, Quiet) ? TimeSpan.Zero : _silent + duration;
            Record(samples);
            if (_recorded >= sound._longest || _silent >= LongestSilence) sound.End();
        }

        public void End() => sound._recorder.End();

        private void Record(ReadOnlySpan<short> samples)
        {
            if (_resampler is null)
            {
                sound._recorder.Write(samples);
                return;
            }

            int most = _resampler.MaxOutput(samples.Length);
            if (_resampled.Length < most) _resampled = new short[most];
            sound._recorder.Write(_resampled.AsSpan(0, _resampler.Process(samples, _resampled)));
        }
    }
}
