namespace Parley.Phone.Sound.Devices;

/// <summary>Watches how much sound waits between two clocks, and says how much of it is to be left out or played twice.</summary>
/// <remarks>
/// One clock is the device's, the other that of the call, which follows the network. Both are never quite alike: 50 millionths are three milliseconds a minute. What waits goes up and down
/// with each packet; its least in a second tells how far both have come apart. Time is counted in samples.
/// </remarks>
/// <param name="sampleRate">Samples per second.</param>
/// <param name="wantedMilliseconds">The least that should wait.</param>
/// <param name="slackMilliseconds">How far from that it may be.</param>
internal sealed class FillControl(int sampleRate, int wantedMilliseconds, int slackMilliseconds)
{
    private readonly int _wanted = sampleRate * wantedMilliseconds / 1000, _slack = sampleRate * slackMilliseconds / 1000;
    private int _least = int.MaxValue;
    private int _watched;

    /// <summary>Samples that are too many; less than 0 when too few wait.</summary>
    public int Surplus { get; private set; }

    /// <summary>So much waits now.</summary>
    /// <param name="waiting">Samples.</param>
    /// <param name="passed">Samples since it was told last.</param>
    public void Watch(int waiting, int passed)
    {
        _least = Math.Min(_least, waiting);
        _watched += passed;
        if (_watched < sampleRate) return;
        int surplus = _least - _wanted;
        Surplus = Math.Abs(surplus) > _slack ? surplus : 0;
        (_least, _watched) = (int.MaxValue, 0);
    }

    /// <summary>So much of the surplus was made up for.</summary>
    /// <param name="samples">Left out; less than 0 for what was played twice.</param>
    public void Correct(int samples) => Surplus = Math.Sign(Surplus - samples) == Math.Sign(Surplus) ? Surplus - samples : 0;

    /// <summary>Begins anew.</summary>
    public void Reset() => (Surplus, _least, _watched) = (0, int.MaxValue, 0);
}
