using Microsoft.Extensions.Logging;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Storage;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Voicemail;

/// <summary>A call that leaves a message: from its INVITE until the message is in the mailbox.</summary>
/// <remarks>Files are opened and closed on other threads; all else is the lane's.</remarks>
/// <param name="lane">The lane.</param>
/// <param name="boxes">The mailboxes.</param>
/// <param name="user">Whose.</param>
/// <param name="limits">How long it may be.</param>
/// <param name="call">The call.</param>
/// <param name="logger">Hears what goes wrong with files.</param>
internal sealed class Deposit(LaneVoicemail lane, Mailboxes boxes, string user, VoicemailOptions limits, CallLeg call, ILogger logger) : ICallObserver, ILaneCompletion
{
    private VoicemailMessage? _message;
    private AudioRecorder? _recorder;
    private PcmAudio? _greeting;
    private RecordingSound? _sound;
    private bool _isOver;

    /// <inheritdoc/>
    public ILaneCompletion? NextCompletion { get; set; }

    /// <summary>The most that a message can take: its sound at the highest rate, and its head.</summary>
    public static long MostBytes(VoicemailOptions limits) => (long)(limits.MaxLength.TotalSeconds + 1) * RecordingSound.MaxSampleRate * 2;

    /// <summary>Begins: room is kept already.</summary>
    public void Begin()
    {
        string caller = call.RemoteUri, name = call.RemoteDisplayName;
        _ = boxes.Worker(() => Open(caller, name));
    }

    /// <summary>The files are open, or cannot be.</summary>
    public void Complete()
    {
        if (!_isOver && _recorder is null) call.Reject(500, "No Message Can Be Taken");
        if (_isOver || _recorder is null)
        {
            _ = FinishAsync();
            return;
        }

        IAudioSource greeting = _greeting is null ? VoicemailTones.Greeting() : new PcmSource(_greeting);
        _sound = new RecordingSound(_recorder, limits.MaxLength, greeting);
        call.Answer(new CallAudio { Source = _sound.Source, Sink = _sound.Sink, SinkRecords = true, HangUpAfterSource = true });
    }

    /// <inheritdoc/>
    public void OnDigit(CallLeg call, char digit, TimeSpan duration)
    {
        if (digit == '#') _sound?.End();
    }

    /// <inheritdoc/>
    public void OnEnded(CallLeg call, CallEnd end)
    {
        _isOver = true;
        if (_sound is not null) _ = FinishAsync();
    }

    private void Open(string caller, string name)
    {
        try
        {
            VoicemailMessage message = boxes.Begin(user, caller, name);
            _message = message;
            AudioFile.TryRead(boxes.Files.GreetingOf(user), out _greeting, out _);
            _recorder = AudioRecorder.Create(boxes.Files.SoundOf(message));
        }
        catch (Exception problem) when (FileFault.Is(problem))
        {
            Log.VoicemailFailed(logger, problem);
        }
        finally
        {
            lane.Completions.Add(this);         // whatever happened, the caller gets an answer
        }
    }

    /// <summary>The call is over: what was said becomes a message.</summary>
    private async Task FinishAsync()
    {
        await Task.Yield();
        try
        {
            if (_recorder is not null) await _recorder.DisposeAsync().ConfigureAwait(false);
            if (_recorder?.Failure is { } failure) Log.VoicemailFailed(logger, failure);
            if (_message is not null) boxes.Complete(_message);
        }
        catch (Exception problem) when (FileFault.Is(problem))
        {
            Log.VoicemailFailed(logger, problem);
        }
        finally
        {
            boxes.Release(user, MostBytes(limits));
            lane.OnFinished();
        }
    }
}
