using Parley.Media.Streams;

namespace Parley.Media.Mixing;

/// <summary>One who takes part in a mix: the two ends of a call's audio, and how loud it is for the others.</summary>
/// <remarks>The ends belong to the call's thread; all else may be used on every thread.</remarks>
public sealed class MixerParty
{
    private const float MaxGain = 4;

    private readonly PartyVoice _voice = new();
    private readonly PartyEar _ear;

    internal MixerParty(Mixer mixer) => _ear = new PartyEar(mixer, _voice);

    /// <summary>Takes what the party says: the sink of its call.</summary>
    public IAudioSink Sink => _voice;

    /// <summary>Gives what the party hears, all others: the source of its call. It never ends.</summary>
    public IAudioSource Source => _ear;

    /// <summary>How loud the party is for the others.</summary>
    /// <value>A factor of 0 to 4, which is 12 dB louder; 1 unless set. A change takes a beat, so that it does not click.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is less or more.</exception>
    public float Gain
    {
        get => _voice.Gain;
        set
        {
            if (!(value is >= 0 and <= MaxGain)) throw new ArgumentOutOfRangeException(nameof(value), value, $"0 to {MaxGain}");
            _voice.Gain = value;
        }
    }

    /// <summary>True when the others do not hear the party.</summary>
    public bool IsMuted
    {
        get => _voice.IsMuted;
        set => _voice.IsMuted = value;
    }

    /// <summary>Beats in which the others had to hear nothing of it, as nothing had come from its call in time.</summary>
    /// <value>0 or more; one or two in the first minute are how the mix learns how long it has to wait.</value>
    public long MissedBeats => _voice.Missed;

    /// <summary>Beats in which it had to hear nothing, as they were not mixed in time.</summary>
    public long LateBeats => _ear.Late;

    /// <summary>Beats that were left out, of what it said and of what it would have heard, as more waited than the delay should be.</summary>
    public long LeftOutBeats => _voice.LeftOut + _ear.LeftOut;

    /// <summary>Plays something to this party alone, once, over what it hears; what was being played to it ends.</summary>
    /// <param name="source">What; used on the call's thread from now on.</param>
    public void Tell(IAudioSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _ear.Tell(source);
    }

    internal PartyVoice Voice => _voice;

    internal int EarRate => _ear.SampleRate;
}
