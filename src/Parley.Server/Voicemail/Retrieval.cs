using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Server.Hosting;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Voicemail;

/// <summary>A user's call to his mailbox: plays what is in it, and does what keys say.</summary>
/// <remarks>Files are read and deleted on other threads; all else is the lane's.</remarks>
internal sealed class Retrieval : LoopTimer, ICallObserver
{
    private readonly LaneVoicemail _lane;
    private readonly Mailboxes _boxes;
    private readonly CallLeg _call;
    private readonly MailboxPlayback _playback;
    private readonly PlayerSource _player;
    private bool _isDeleted;    // a message was, and the tone of that is still to be heard
    private int _plays;         // which of the messages that were to be played it is now

    /// <summary>A call.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="boxes">The mailboxes.</param>
    /// <param name="user">Whose.</param>
    /// <param name="call">The call.</param>
    public Retrieval(LaneVoicemail lane, Mailboxes boxes, string user, CallLeg call)
    {
        (_lane, _boxes, _call) = (lane, boxes, call);
        _playback = new MailboxPlayback(boxes.List(user));
        _player = new PlayerSource(() => lane.Completions.Add(new Work(OnPlayed)));     // not from within a beat of the call, which this may end
    }

    /// <summary>Answers.</summary>
    public void Begin() => _call.Answer(new CallAudio { Source = _player });

    /// <inheritdoc/>
    public void OnEstablished(CallLeg call)
    {
        _playback.Begin();
        Drain();
    }

    /// <inheritdoc/>
    public void OnDigit(CallLeg call, char digit, TimeSpan duration)
    {
        _playback.OnKey(digit);
        Drain();
    }

    /// <inheritdoc/>
    public void OnEnded(CallLeg call, CallEnd end) => _lane.Loop.Schedule(this, Instant.Never);

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        _playback.OnDeadline(now);
        Drain();
    }

    private void OnPlayed()
    {
        _playback.OnPlayed(_lane.Loop.Now);
        Drain();
    }

    private void Drain()
    {
        if (_call.State != CallState.Established) return;
        while (_playback.TryTake(out MailboxStep step)) Do(step);
        _lane.Loop.Schedule(this, _playback.NextDeadline);
    }

    private void Do(MailboxStep step)
    {
        switch (step.Kind)
        {
            case MailboxStepKind.Play: Load(step.Message!); break;
            case MailboxStepKind.Wait: _player.Add(VoicemailTones.Over()); break;
            case MailboxStepKind.Keep: _ = _boxes.Worker(() => _boxes.Keep(step.Message!)); break;
            case MailboxStepKind.Delete:
                _ = _boxes.Worker(() => _boxes.Delete(step.Message!));
                _isDeleted = true;
                break;
            case MailboxStepKind.Leave: Play(VoicemailTones.NoMore()); break;
            default: _call.HangUp(); break;
        }
    }

    private void Load(VoicemailMessage message)
    {
        int number = ++_plays;
        _player.Clear();
        _ = _boxes.Worker(() =>
        {
            AudioFile.TryRead(_boxes.Files.SoundOf(message), out PcmAudio? audio, out _);
            _lane.Completions.Add(new Work(() => OnLoaded(number, audio)));
        });
    }

    private void OnLoaded(int number, PcmAudio? audio)
    {
        if (number != _plays) return;       // another key came meanwhile
        if (audio is not null) Play(VoicemailTones.Next(), new PcmSource(audio));
        else _playback.OnMissing();
        Drain();
    }

    private void Play(params ReadOnlySpan<IAudioSource> sources)
    {
        _plays++;
        _player.Clear();
        if (_isDeleted) _player.Add(VoicemailTones.Deleted());
        _isDeleted = false;
        foreach (IAudioSource source in sources) _player.Add(source);
    }

    private sealed class Work(Action what) : ILaneCompletion
    {
        public ILaneCompletion? NextCompletion { get; set; }

        public void Complete() => what();
    }
}
