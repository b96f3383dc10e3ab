using System.Collections.Concurrent;
using Parley.Commands;
using Parley.Endpoint.Media;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Output;
using Parley.Phone.Settings;
using Parley.Phone.Sound.Devices;
using Parley.UserAgent;

namespace Parley.Phone.Sound;

/// <summary>Sound of a microphone and a loudspeaker, which all calls share; they are open while there is a call.</summary>
/// <param name="settings">Which they are.</param>
/// <param name="openRecord">Opens a call's recording by its number; gives null when nothing is recorded.</param>
internal sealed class DeviceSound(SoundSettings settings, Func<int, AudioRecorder?> openRecord) : IPhoneSound, IDisposable
{
    /// <summary>The device that is taken unless another is named.</summary>
    public const string Default = "default";

    private readonly string _microphone = settings.Microphone ?? Default, _speaker = settings.Speaker ?? Default;
    private static readonly TimeSpan EndTone = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<int, (DeviceLine Line, AudioRecorder? Record, int Breaks)> _calls = [];
    private readonly CancellationTokenSource _end = new();
    private DevicePair? _devices;

    public string Words =>
        (_microphone == _speaker ? $"sound: {_microphone}" : $"sound: microphone {_microphone}, loudspeaker {_speaker}")
        + (settings.Processing != SpeechProcessing.None && !SpeechProcessor.IsAvailable ? $"; echoes, noise and loudness as they are ({SpeechProcessor.Library} is not installed)" : "");

    /// <summary>Tries the devices: opens them and closes them again.</summary>
    /// <exception cref="CommandException">One cannot be used; the message says why.</exception>
    public void Try()
    {
        AlsaDevice.Open(_microphone, isCapture: true).Dispose();
        AlsaDevice.Open(_speaker, isCapture: false).Dispose();
    }

    public CallAudio Open(int call)
    {
        AudioRecorder? record = openRecord(call);
        lock (_gate)
        {
            _devices ??= OpenDevices();
            DeviceLine line = _devices.CreateLine();
            _devices.Hub.Add(line);
            _calls[call] = (line, record, _devices.Breaks);
            return new CallAudio { Source = line, Sink = line, Recorder = record };
        }
    }

    public void Play(int call, CallTone? tone)
    {
        if (_calls.TryGetValue(call, out (DeviceLine Line, AudioRecorder? Record, int Breaks) open)) open.Line.Play(tone is { } sounds ? settings.Tones?[sounds] : null);
    }

    public async Task<string?> CloseAsync(int call, CallTone? tone = null)
    {
        if (!_calls.TryRemove(call, out (DeviceLine Line, AudioRecorder? Record, int Breaks) closed)) return null;
        string? problem;
        lock (_gate)
        {
            int breaks = _devices!.Breaks - closed.Breaks;
            problem = _devices.Problem ?? (breaks > 0 ? $"the sound devices were too slow {breaks} times: there were gaps" : null);
        }

        if (tone is { } sounds && settings.Tones is { } plan)
        {
            closed.Line.Play(plan[sounds]);
            _ = ReleaseLaterAsync(closed.Line);
        }
        else
        {
            Release(closed.Line);
        }

        try
        {
            await CallReport.CloseAsync(closed.Record).ConfigureAwait(false);
        }
        catch (CommandException failure)
        {
            problem ??= failure.Message;
        }

        return problem;
    }

    public void Dispose()
    {
        _end.Cancel();
        lock (_gate)
        {
            _devices?.Dispose();
            _devices = null;
        }

        _end.Dispose();
    }

    private async Task ReleaseLaterAsync(DeviceLine line)
    {
        await Task.Delay(EndTone, TimeProvider.System, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Release(line);
    }

    private void Release(DeviceLine line)
    {
        lock (_gate)
        {
            if (_devices is null || _devices.Hub.Remove(line) > 0) return;
            _devices.Dispose();
            _devices = null;
        }
    }

    private DevicePair OpenDevices()
    {
        var heard = AlsaDevice.Open(_microphone, isCapture: true);
        try
        {
            return new DevicePair(heard, AlsaDevice.Open(_speaker, isCapture: false), settings.Processing);
        }
        catch (CommandException)
        {
            heard.Dispose();
            throw;
        }
    }
}
