using Parley.Media.Streams;

namespace Parley.Media.Mixing;

/// <summary>What one party hears: all others. Read by the party's thread.</summary>
internal sealed class PartyEar(Mixer mixer, PartyVoice voice) : IAudioSource
{
    private readonly Limiter _limiter = new();
    private int _sampleRate;
    private MixLine? _line;
    private Slack _slack;
    private BeatResampler? _resampler;
    private long _next;             // the beat that is heard next
    private short[] _ready = [];    // heard, and not yet asked for
    private int _readyCount;
    private int[] _sums = [];
    private short[] _others = [];
    private long _late, _leftOut;
    private IAudioSource? _told;        // what is to be heard by this party alone
    private IAudioSource? _telling;
    private short[] _clip = [];

    /// <summary>Samples per second; 0 before the first.</summary>
    public int SampleRate => Volatile.Read(ref _sampleRate);

    /// <summary>Beats that were not mixed yet when they were asked for: silence was heard instead.</summary>
    public long Late => Volatile.Read(ref _late);

    /// <summary>Beats that were left out as too many waited.</summary>
    public long LeftOut => Volatile.Read(ref _leftOut);

    /// <summary>Lets something be heard over what is heard. Any thread.</summary>
    public void Tell(IAudioSource source) => Volatile.Write(ref _told, source);

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        if (_sampleRate == sampleRate) return;
        Volatile.Write(ref _sampleRate, sampleRate);
        (_ready, _readyCount, _resampler, _telling) = (new short[Mixer.SamplesPerBeat(sampleRate)], 0, null, null);
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        if (_sampleRate == 0) throw new InvalidOperationException("The source was not started.");
        int given = 0;
        while (given < samples.Length)
        {
            if (_readyCount == 0)
            {
                Hear();
                _readyCount = _ready.Length;
            }

            int count = Math.Min(samples.Length - given, _readyCount);
            _ready.AsSpan(_ready.Length - _readyCount, count).CopyTo(samples[given..]);
            (given, _readyCount) = (given + count, _readyCount - count);
        }

        if (Volatile.Read(ref _told) is not null) Overlay(samples);
        return given;
    }

    private void Overlay(Span<short> samples)
    {
        IAudioSource told = _told!;
        if (told != _telling) told.Start(_sampleRate);
        _telling = told;
        if (_clip.Length < samples.Length) _clip = new short[samples.Length];
        int given = told.Read(_clip.AsSpan(0, samples.Length));
        for (int i = 0; i < given; i++) samples[i] = (short)Math.Clamp(samples[i] + _clip[i], short.MinValue, short.MaxValue);
        if (given < samples.Length) Interlocked.CompareExchange(ref _told, null, told);
    }

    /// <summary>Makes the next beat of what the party hears.</summary>
    private void Hear()
    {
        MixLine line = mixer.Line;
        if (line != _line) Follow(line);
        long waiting = line.Published - _next;
        if (waiting <= 0)
        {
            Volatile.Write(ref _late, _late + 1);
            Rest();
            return;
        }

        int surplus = _slack.Next((int)Math.Min(waiting - 1, int.MaxValue), line.IsQuiet(_next));
        if (surplus > 0)
        {
            _next += surplus;
            _resampler?.Cool();
            Volatile.Write(ref _leftOut, _leftOut + surplus);
        }

        ReadOnlySpan<short> own = voice.SaidIn(line, _next);
        if (own.IsEmpty) HearCommon(line);
        else HearOthers(line, own);
        // A stall between there and here: the mixer may have written over what was read.
        if (line.Published - _next >= MixLine.Beats - 1) Rest();
        _next++;
    }

    private void HearCommon(MixLine line)
    {
        _resampler?.Cool();
        _limiter.Gain = line.Gain(_next);
        if (line.Common(_sampleRate) is { } common) common.Samples(_next).CopyTo(_ready);
        else _ready.AsSpan().Clear();       // the mixer learns of the rate with its next beat
    }

    private void HearOthers(MixLine line, ReadOnlySpan<short> own)
    {
        if (line.SampleRate == _sampleRate)
        {
            line.Without(_next, own, _limiter, _sums, _ready);
            return;
        }

        line.Without(_next, own, _limiter, _sums, _others);
        if (_resampler?.FromRate != line.SampleRate) _resampler = new BeatResampler(line.SampleRate, _sampleRate);
        if (!_resampler.IsWarm) _resampler.Warm(line.Before(_next));
        _resampler.Process(_others, _ready);
    }

    private void Follow(MixLine line)
    {
        (_line, _slack, _sums, _others) = (line, default, new int[line.BeatSamples], new short[line.BeatSamples]);
        _next = Math.Max(0, line.Published - 1);
    }

    private void Rest()
    {
        _ready.AsSpan().Clear();
        _resampler?.Cool();
    }
}
