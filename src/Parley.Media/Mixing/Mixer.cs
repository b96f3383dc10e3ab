using Parley.Media.Streams;

namespace Parley.Media.Mixing;

/// <summary>Lets many parties hear each other: each hears the sum of all others, and not itself. Without clock, thread or lock on the way of sound.</summary>
/// <remarks>
/// <code>
/// call's thread                 whoever calls Mix, every 20 ms              call's thread
///
/// Sink ---> a ring ----+
/// Sink ---> a ring ----+--> resampled, scaled, added: the sums of a beat --- minus what this party said ---> Source
/// Sink ---> a ring ----+             \--> limited, resampled once for each rate --- for who said nothing --> Source
/// </code>
/// The mix has the highest rate of its parties, at most 48 kHz. Who is 60 dB below full scale for 300 ms is not added, and costs a look at his
/// samples; who says nothing gets a copy of what all such parties hear. Sums that are too loud are turned down (<see cref="Limiter"/>).
/// <para>A sample waits for the next beat of the mixer and then for the next one of its listener: 0 to 20 ms each, the same for as long as both
/// go on, and 20 ms more at each of the two where threads come too late for that (<see cref="Slack"/>); a change of rate adds 4 ms at 8 kHz.
/// A party that stalls is silence to the others, and hears less when it comes back; nobody waits for it.</para>
/// </remarks>
public sealed class Mixer
{
    /// <summary>What is mixed at a time.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    internal const int MaxRates = 8;
    private const int BeatsPerSecond = 50;
    private const int MinSampleRate = 8_000;
    private const int MaxSampleRate = 48_000;
    private const int MaxPlaying = 8;

    private readonly Playing?[] _playing = new Playing?[MaxPlaying];
    private MixerParty[] _parties = [];
    private MixLine _line = new(MinSampleRate);
    private short[] _clip = new short[SamplesPerBeat(MinSampleRate)];
    private bool _wasQuiet = true;

    /// <summary>Who takes part.</summary>
    public IReadOnlyList<MixerParty> Parties => Volatile.Read(ref _parties);

    /// <summary>Samples per second of the mix.</summary>
    public int SampleRate => Line.SampleRate;

    internal MixLine Line => Volatile.Read(ref _line);

    /// <summary>Lets somebody take part. Any thread.</summary>
    public MixerParty Join()
    {
        var party = new MixerParty(this);
        Replace(parties => [.. parties, party]);
        return party;
    }

    /// <summary>Ends somebody's part; does nothing for who has none. Any thread.</summary>
    public void Leave(MixerParty party) => Replace(parties => [.. parties.Where(one => one != party)]);

    /// <summary>Plays something to all, once, beside what they say. Any thread.</summary>
    /// <param name="source">What; used on the mixer's thread from now on.</param>
    /// <returns>False when eight are being played: it is left out.</returns>
    public bool Play(IAudioSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var playing = new Playing(source);
        for (int i = 0; i < _playing.Length; i++)
        {
            if (Interlocked.CompareExchange(ref _playing[i], playing, null) is null) return true;
        }

        return false;
    }

    /// <summary>Mixes the next beat: to be called every 20 ms, and once for each that was missed. One caller at a time.</summary>
    public void Mix()
    {
        MixerParty[] parties = Volatile.Read(ref _parties);
        MixLine line = ChooseLine(parties);
        long beat = line.Published;
        line.Sums(beat).Clear();
        bool isQuiet = true;
        foreach (MixerParty party in parties)
        {
            if (party.Voice.TryAdd(line, beat)) isQuiet = false;
        }

        for (int i = 0; i < _playing.Length; i++)
        {
            if (Volatile.Read(ref _playing[i]) is not { } playing) continue;
            isQuiet = false;
            if (!AddClip(playing, line, beat)) Volatile.Write(ref _playing[i], null);
        }

        _wasQuiet = isQuiet;
        line.Publish(isQuiet);
    }

    internal static int SamplesPerBeat(int sampleRate) => sampleRate / BeatsPerSecond;

    /// <summary>The line that the beat goes to: another one when somebody has a higher rate than all before, or, while nobody speaks, when nobody needs the rate any more.</summary>
    private MixLine ChooseLine(MixerParty[] parties)
    {
        int rate = MinSampleRate;
        foreach (MixerParty party in parties) rate = Math.Max(rate, Math.Max(party.Voice.SampleRate, party.EarRate));
        rate = Math.Min(rate, MaxSampleRate);
        MixLine line = _line;
        if (rate > line.SampleRate || (rate < line.SampleRate && _wasQuiet))
        {
            line = new MixLine(rate);
            _clip = new short[line.BeatSamples];
        }

        foreach (MixerParty party in parties)
        {
            if (party.EarRate > 0) line.Use(party.EarRate);
        }

        Volatile.Write(ref _line, line);
        return line;
    }

    private void Replace(Func<MixerParty[], MixerParty[]> change)
    {
        MixerParty[] before;
        do before = Volatile.Read(ref _parties);
        while (Interlocked.CompareExchange(ref _parties, change(before), before) != before);
    }

    private bool AddClip(Playing playing, MixLine line, long beat)
    {
        if (playing.SampleRate != line.SampleRate)
        {
            playing.SampleRate = line.SampleRate;
            playing.Source.Start(line.SampleRate);
        }

        int given = playing.Source.Read(_clip);
        SampleSums.Add(line.Sums(beat), _clip.AsSpan(0, given));
        return given == _clip.Length;
    }

    private sealed class Playing(IAudioSource source)
    {
        public IAudioSource Source => source;

        public int SampleRate { get; set; }
    }
}
