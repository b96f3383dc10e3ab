namespace Parley.Phone.Sound.Devices;

/// <summary>What the loudspeaker was given, for who takes it out of what the microphone hears. Safe on every thread.</summary>
/// <remarks>Both threads go on by pieces of 10 ms, but not in step: some pieces are gathered first, so that one that comes late does not move the rest.</remarks>
/// <param name="sampleRate">Samples per second.</param>
internal sealed class EchoReference(int sampleRate)
{
    private const int HeldMilliseconds = 120, CushionMilliseconds = 20;

    private readonly Lock _gate = new();
    private readonly SoundRing _ring = new(sampleRate * HeldMilliseconds / 1000);
    private bool _isFlowing;

    /// <summary>The loudspeaker was given this.</summary>
    public void Add(ReadOnlySpan<short> played)
    {
        lock (_gate) _ring.Write(played);
    }

    /// <summary>Gives what belongs to the next piece of the microphone; silence when nothing is played.</summary>
    public void Take(Span<short> played)
    {
        lock (_gate)
        {
            _isFlowing = _ring.Count >= (_isFlowing ? played.Length : sampleRate * CushionMilliseconds / 1000);
            if (_isFlowing) _ring.Read(played);
            else played.Clear();
        }
    }
}
