using Parley.Media.Playout;
using Parley.Media.Processing;
using Parley.Media.Streams;

namespace Parley.Phone.Sound.Devices;

/// <summary>One call's end of the sound devices: what it says comes from the microphone, what it hears goes to the loudspeaker.</summary>
/// <remarks>
/// The call's thread asks and gives by its own clock and rate, the device's threads by theirs. In between samples wait in rings at the device's rate: so many that neither has to wait for the other.
/// How many they are is watched (<see cref="FillControl"/>), and set right by a period of the voice that is left out or played twice (<see cref="TimeScaler"/>).
/// </remarks>
internal sealed class DeviceLine : IAudioSource, IAudioSink
{
    private const int MicrophoneMilliseconds = 80, SpeakerMilliseconds = 400;       // held at most
    private const int CushionMilliseconds = 30;                                     // that the microphone is ahead before it is listened to
    private const int MicrophoneWantedMilliseconds = 10, MicrophoneSlackMilliseconds = 8;
    private const int SpeakerWantedMilliseconds = 50, SpeakerSlackMilliseconds = 12;
    private const int ShortestChangeMilliseconds = 3;
    private const int MaxBeatMilliseconds = 20, MaxPeriodMilliseconds = 15;

    private readonly Lock _gate = new();
    private readonly DeviceHub _hub;
    private readonly int _microphoneRate, _speakerRate;
    private readonly SoundRing _microphone, _speaker;
    private readonly FillControl _microphoneFill, _speakerFill;
    private readonly short[] _piece;            // from the microphone, 10 ms
    private Resampler? _fromDevice, _toDevice;
    private short[] _said = [], _heard = [], _converted = [];
    private int _saidCount, _sourceRate, _sinkRate;
    private bool _isFlowing;
    private bool _isRead;
    private CallToneSource? _tone;

    /// <summary>A line between a call and devices.</summary>
    /// <param name="hub">Where the devices are.</param>
    /// <param name="microphoneRate">Samples per second of the microphone.</param>
    /// <param name="speakerRate">Samples per second of the loudspeaker.</param>
    public DeviceLine(DeviceHub hub, int microphoneRate, int speakerRate)
    {
        (_hub, _microphoneRate, _speakerRate) = (hub, microphoneRate, speakerRate);
        (_microphone, _speaker) = (new SoundRing(microphoneRate * MicrophoneMilliseconds / 1000), new SoundRing(speakerRate * SpeakerMilliseconds / 1000));
        _microphoneFill = new FillControl(microphoneRate, MicrophoneWantedMilliseconds, MicrophoneSlackMilliseconds);
        _speakerFill = new FillControl(speakerRate, SpeakerWantedMilliseconds, SpeakerSlackMilliseconds);
        _piece = new short[microphoneRate / 100];
    }

    /// <summary>True while the call asks for what is said.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate) return _isRead;
        }
    }

    /// <summary>True while a tone of this side sounds.</summary>
    public bool HasTone
    {
        get
        {
            lock (_gate) return _tone is not null;
        }
    }

    /// <summary>Has a tone sound until the call hears something; null for none.</summary>
    public void Play(ToneShape? shape)
    {
        lock (_gate)
        {
            _tone = shape is null ? null : new CallToneSource(shape);
            _tone?.Start(_speakerRate);
        }

        _hub.OnWritten();
    }

    void IAudioSource.Start(int sampleRate)
    {
        lock (_gate)
        {
            (_sourceRate, _saidCount, _isFlowing) = (sampleRate, 0, false);
            _fromDevice = new Resampler(_microphoneRate, sampleRate);
            _said = new short[(sampleRate * (MaxBeatMilliseconds + MaxPeriodMilliseconds + 20) / 1000) + _fromDevice.MaxOutput(_piece.Length)];
        }
    }

    void IAudioSink.Start(int sampleRate)
    {
        lock (_gate)
        {
            _sinkRate = sampleRate;
            _toDevice = new Resampler(sampleRate, _speakerRate);
            _heard = new short[sampleRate * (MaxBeatMilliseconds + MaxPeriodMilliseconds) / 1000];
            _converted = new short[_toDevice.MaxOutput(_heard.Length)];
        }
    }

    /// <summary>Gives what the microphone hears; silence until there is enough of it.</summary>
    public int Read(Span<short> samples)
    {
        int asked = samples.Length;
        lock (_gate)
        {
            _isFlowing |= _microphone.Count >= _microphoneRate * CushionMilliseconds / 1000;
            while (_isFlowing && !samples.IsEmpty)
            {
                if (_saidCount == 0) Fetch(Math.Min(samples.Length, _sourceRate * MaxBeatMilliseconds / 1000));
                int count = Math.Min(samples.Length, _saidCount);
                if (count == 0)
                {
                    // It has run dry: some is gathered anew, or each beat would have a hole.
                    _isFlowing = false;
                    _microphoneFill.Reset();
                    break;
                }

                _said.AsSpan(0, count).CopyTo(samples);
                _saidCount -= count;
                _said.AsSpan(count, _saidCount).CopyTo(_said);
                samples = samples[count..];
            }

            samples.Clear();
            _isRead = true;
            if (_isFlowing) _microphoneFill.Watch(_microphone.Count, (int)((long)asked * _microphoneRate / _sourceRate));
        }

        _hub.OnRead();
        return asked;
    }

    /// <summary>Takes what the call hears.</summary>
    public void Write(ReadOnlySpan<short> samples)
    {
        lock (_gate)
        {
            _tone = null;
            int most = _sinkRate * MaxBeatMilliseconds / 1000;
            for (; !samples.IsEmpty; samples = samples[Math.Min(samples.Length, most)..])
            {
                int count = Math.Min(samples.Length, most);
                samples[..count].CopyTo(_heard);
                count = Scale(_heard, count, _sinkRate, _speakerFill, _speakerRate);
                _speaker.Write(_converted.AsSpan(0, _toDevice!.Process(_heard.AsSpan(0, count), _converted)));
            }
        }

        _hub.OnWritten();
    }

    /// <summary>The call hears no more.</summary>
    public void End()
    {
    }

    /// <summary>Gives what the microphone heard; a call that does not ask does not get it.</summary>
    /// <param name="samples">At the device's rate.</param>
    /// <returns>False when there is no room as the call has not asked for what was said before.</returns>
    public bool TryGive(ReadOnlySpan<short> samples)
    {
        lock (_gate)
        {
            if (!_isRead) return true;
            if (_microphone.Room < samples.Length)
            {
                // Whoever has to wait has no clock of its own that could be followed.
                _microphoneFill.Reset();
                return false;
            }

            _microphone.Write(samples);
            return true;
        }
    }

    /// <summary>The call does not ask: what was said before is too old when it does again.</summary>
    public void SetUnread()
    {
        lock (_gate)
        {
            _isRead = false;
            (_isFlowing, _saidCount) = (false, 0);
            _microphone.Clear();
            _microphoneFill.Reset();
        }
    }

    /// <summary>Adds what the call heard to what others did.</summary>
    /// <param name="sum">A piece at the device's rate.</param>
    /// <param name="waiting">Samples that the device has; 0 when it has no clock.</param>
    /// <returns>False, and nothing is added, when there is no whole piece.</returns>
    public bool TryAdd(Span<int> sum, int waiting)
    {
        Span<short> piece = stackalloc short[sum.Length];
        lock (_gate)
        {
            if (_speaker.Count < sum.Length && _tone is null) return false;
            if (_tone is not null) _tone.Read(piece);
            else if (waiting > 0) _speakerFill.Watch(waiting + _speaker.Count, sum.Length);
            if (_tone is null) _speaker.Read(piece);
        }

        for (int i = 0; i < piece.Length; i++) sum[i] += piece[i];
        return true;
    }

    /// <summary>The loudspeaker has stopped: there is nothing to be watched.</summary>
    public void Rest()
    {
        lock (_gate) _speakerFill.Reset();
    }

    /// <summary>Takes as much from the ring as a beat needs, where there is that much.</summary>
    private void Fetch(int samples)
    {
        while (_saidCount < samples && _microphone.Count >= _piece.Length)
        {
            _microphone.Read(_piece);
            _saidCount += _fromDevice!.Process(_piece, _said.AsSpan(_saidCount));
        }

        _saidCount = Scale(_said, _saidCount, _sourceRate, _microphoneFill, _microphoneRate);
    }

    /// <summary>Makes a piece of sound a period shorter or longer when too much or too little waits.</summary>
    private static int Scale(short[] samples, int count, int sampleRate, FillControl fill, int deviceRate)
    {
        int surplus = (int)((long)fill.Surplus * sampleRate / deviceRate), least = sampleRate * ShortestChangeMilliseconds / 1000;
        int change = surplus >= least ? -TimeScaler.Shorten(samples.AsSpan(0, count), sampleRate, surplus, TimeScaler.Alike)
            : surplus <= -least ? TimeScaler.Lengthen(samples, count, sampleRate, Math.Min(-surplus, samples.Length - count), TimeScaler.Alike)
            : 0;
        if (change != 0) fill.Correct((int)((long)-change * deviceRate / sampleRate));
        return count + change;
    }
}
