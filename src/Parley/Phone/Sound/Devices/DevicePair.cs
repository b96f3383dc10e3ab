using Parley.Media.Processing;

namespace Parley.Phone.Sound.Devices;

/// <summary>A microphone and a loudspeaker at work: a thread for each moves their sound to and from the calls.</summary>
/// <remarks>
/// The microphone is on only while a call asks for what is said: not while it rings, and not on hold. The loudspeaker stops when nothing was to be heard for a while. Each device's clock drives its
/// thread; one that has none, as a file has, goes as fast as the calls.
/// </remarks>
internal sealed class DevicePair : IDisposable
{
    private static readonly TimeSpan Unread = TimeSpan.FromMilliseconds(100), Unwritten = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromSeconds(2), Piece = TimeSpan.FromMilliseconds(10);

    private readonly ISoundDevice _microphone, _speaker;
    private readonly EchoReference? _played;        // null when nothing is done about echoes
    private readonly SpeechProcessor? _processor;
    private readonly Thread _listening, _speaking;
    private volatile bool _isEnding;
    private volatile string? _problem;

    /// <summary>Begins.</summary>
    /// <param name="microphone">The microphone; it is disposed with this.</param>
    /// <param name="speaker">The loudspeaker; as well.</param>
    /// <param name="processing">What is done to the microphone's sound, where the library for it is there.</param>
    public DevicePair(ISoundDevice microphone, ISoundDevice speaker, SpeechProcessing processing)
    {
        (_microphone, _speaker) = (microphone, speaker);
        if (microphone.SampleRate != speaker.SampleRate) processing &= ~SpeechProcessing.EchoCancellation;
        if (processing != SpeechProcessing.None && SpeechProcessor.IsAvailable && microphone.SampleRate <= SpeechProcessor.MaxSampleRate)
        {
            _processor = new SpeechProcessor(microphone.SampleRate, processing);
            if (processing.HasFlag(SpeechProcessing.EchoCancellation)) _played = new EchoReference(speaker.SampleRate);
        }

        _listening = new Thread(Listen) { Name = "Parley microphone", IsBackground = true };
        _speaking = new Thread(Speak) { Name = "Parley loudspeaker", IsBackground = true };
        _listening.Start();
        _speaking.Start();
    }

    /// <summary>Where calls are connected.</summary>
    public DeviceHub Hub { get; } = new();

    /// <summary>A line for a call.</summary>
    public DeviceLine CreateLine() => new(Hub, _microphone.SampleRate, _speaker.SampleRate);

    /// <summary>How often a device ran dry or over.</summary>
    public int Breaks => _microphone.Breaks + _speaker.Breaks;

    /// <summary>What does not work any more, in words; null when all does.</summary>
    public string? Problem => _problem;

    public void Dispose()
    {
        _isEnding = true;
        Hub.Wake();
        // A device that has hung keeps its thread, and what that uses.
        if (!_listening.Join(Patience) || !_speaking.Join(Patience)) return;
        _microphone.Dispose();
        _speaker.Dispose();
        _processor?.Dispose();
        Hub.Dispose();
    }

    private void Listen()
    {
        short[] piece = new short[_microphone.SampleRate / 100], played = new short[piece.Length];
        bool isOn = false;
        while (!_isEnding)
        {
            if (!Hub.IsRead)
            {
                if (isOn) _microphone.Stop();
                isOn = false;
                Hub.WaitForRead(Patience);
                continue;
            }

            if (!isOn && !_microphone.Start()) Fail("the microphone does not work any more");
            isOn = true;
            int count = _problem is null ? _microphone.Read(piece) : -1;
            if (count > 0)
            {
                _played?.Take(played);
                _processor?.Process(piece, played);
                Hub.Give(piece, Unread);
            }
            else if (count < 0 && !Fail("the microphone does not work any more")) Hub.WaitForRead(Patience);
        }

        if (isOn) _microphone.Stop();
    }

    private void Speak()
    {
        short[] piece = new short[_speaker.SampleRate / 100];
        bool isOn = false, isMixed = false;
        while (!_isEnding)
        {
            if (!isMixed && !Hub.TryMix(piece, isOn ? _speaker.Waiting : 0))
            {
                if (Hub.WaitForWritten(Unwritten) || !isOn) continue;
                _speaker.Stop();
                Hub.Rest();
                isOn = false;
                continue;
            }

            if (!isOn && !_speaker.Start()) Fail("the loudspeaker does not work any more");
            isOn = true;
            int count = _speaker.Write(piece);
            if (count < 0) Fail("the loudspeaker does not work any more");
            isMixed = count == 0;
            if (count > 0) _played?.Add(piece);
            // A tone never ends: where no clock of the device holds it up, time does.
            if (Hub.HasTone && _speaker.Waiting == 0) Hub.WaitForWritten(Piece);
        }

        if (isOn) _speaker.Stop();
    }

    /// <returns>False when it was known.</returns>
    private bool Fail(string problem)
    {
        if (_problem is not null) return false;
        _problem = problem;
        return true;
    }
}
