using Parley.Media.Streams;

namespace MusicOnHold;

/// <summary>One of two sounds. The call goes on as it is: a hold by SIP would have the other side hear nothing.</summary>
internal sealed class SwitchedSource(IAudioSource first, IAudioSource second) : IAudioSource
{
    private volatile bool _isSecond;

    public bool IsSecond
    {
        get => _isSecond;
        set => _isSecond = value;
    }

    public void Start(int sampleRate)
    {
        first.Start(sampleRate);
        second.Start(sampleRate);
    }

    public int Read(Span<short> samples) => (IsSecond ? second : first).Read(samples);
}
