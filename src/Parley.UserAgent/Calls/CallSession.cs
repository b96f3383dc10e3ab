using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Streams;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent.Calls;

/// <summary>The session of one call: what its messages describe, what is said and heard, the digits, and who holds it.</summary>
/// <remarks>
/// <see cref="CallLeg"/> says when; this reads and writes the bodies and has the audio. There is one <see cref="CallMedia"/> at
/// a time: none before there is something to describe, and a new one for each address that an outgoing call goes to. Each
/// dialog of the call has offers and answers of its own, which begin with a <see cref="Fork"/>. Source: RFC 3261 13, 14; RFC 3264.
/// </remarks>
internal sealed class CallSession(UserAgentCore core, CallLeg leg)
{
    private readonly CallRecording _recording = new();
    private OfferAnswer _first = new(core.Capabilities, core.Random.NextInt64(1L << 62));
    private CallAudio _audio = CallAudio.None;
    private OfferAnswer? _preview;          // what an unreliable provisional response made of the offer, which is still pending
    private CallMedia? _media;
    private AudioStatistics? _statistics;   // of media that has ended
    private string _earlyDigits = "";       // to be echoed once the call is established
    private RecordingState _toldRemoteRecording;        // that the observer knows of
    private RecordingPreference _toldPreference;
    private IAudioTap? _heardBy;            // of the media
    private bool _hasTone;
    private bool _tellsRecording = true;    // the other side would take in that it is recorded; until the call is established that is not known
    private bool _isHeld;
    private bool _isClosing;

    /// <summary>What it says and hears.</summary>
    public CallAudio Audio
    {
        get => _audio;
        set
        {
            _audio = value;
            if (value.SinkRecords) _recording.OnSinkRecords();
            if (value.Recorder is { } recorder) ChangeRecording(recording => recording.TryStart(recorder));
        }
    }

    /// <summary>Whether this side records it.</summary>
    public RecordingState Recording => _recording.State;

    /// <summary>Whether the other side records it.</summary>
    public RecordingState RemoteRecording { get; private set; }

    /// <summary>Whether the other side wants it to be recorded.</summary>
    public RecordingPreference RemoteRecordingPreference { get; private set; }

    /// <summary>Whether it is protected; null for as the user agent is set up.</summary>
    public SrtpUse? Srtp { get; set; }

    /// <summary>How it goes, or went until the end; null when there was no media.</summary>
    public AudioStatistics? Statistics => _media?.Statistics ?? _statistics;

    /// <summary>The codec that is sent; null before it is negotiated.</summary>
    public string? Codec => _media?.Codec ?? _statistics?.Codec;

    /// <summary>True while there is media, which plays what is left when it is closed.</summary>
    public bool HasMedia => _media is not null;

    /// <summary>True while the other side wants to hear nothing.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>True while this side has put the other one on hold.</summary>
    public bool IsHolding { get; private set; }

    private MediaDirection Direction => IsHolding ? MediaDirection.SendOnly : MediaDirection.SendReceive;

    /// <summary>The offers and answers of one more dialog, from where those of the INVITE are.</summary>
    public OfferAnswer Fork() => _first.Fork();

    /// <summary>Opens ports, in the place of those that nothing came of.</summary>
    /// <param name="signalling">Where the call's messages go.</param>
    /// <returns>False when there is no port, or no way there.</returns>
    public bool TryOpen(NetworkAddress signalling)
    {
        _media?.Abandon();
        _first = new OfferAnswer(Srtp is { } use ? core.Capabilities with { Srtp = use } : core.Capabilities, core.Random.NextInt64(1L << 62));
        _media = CallMedia.TryOpen(core, this, signalling);
        (_heardBy, _hasTone) = (null, false);
        SettleRecording();
        return HasMedia;
    }

    /// <summary>The offer of an INVITE, before there is a dialog.</summary>
    public byte[] Offer() => Offer(_first);

    /// <summary>An offer of what this side wants.</summary>
    public byte[] Offer(OfferAnswer negotiation)
    {
        negotiation.Recording = _recording.Told;
        return negotiation.CreateOffer(_media!.LocalAddress, Direction).ToBytes();
    }

    /// <summary>Answers an offer.</summary>
    /// <param name="negotiation">The dialog's.</param>
    /// <param name="offer">The other side's description.</param>
    /// <param name="answer">The body; empty when the offer cannot be answered.</param>
    public NegotiationFailure Answer(OfferAnswer negotiation, SessionDescription offer, out byte[] answer)
    {
        // Before the answer, which says what came of the wish.
        RecordingPreference before = Prefer(offer.AudioRecordingPreference());
        negotiation.Recording = _recording.Told;
        NegotiationFailure failure = negotiation.Answer(offer, _media!.LocalAddress, Direction, out SessionDescription? ours, out NegotiatedAudio? audio);
        answer = ours?.ToBytes() ?? [];
        if (failure == NegotiationFailure.None) Apply(audio!);
        else Prefer(before);
        return failure;
    }

    /// <summary>Takes the answer to a pending offer.</summary>
    public NegotiationFailure TakeAnswer(OfferAnswer negotiation, SessionDescription answer)
    {
        NegotiationFailure failure = negotiation.ProcessAnswer(answer, out NegotiatedAudio? audio);
        if (failure == NegotiationFailure.None) Apply(audio!);
        return failure;
    }

    /// <summary>Takes the answer to a pending offer from the body of a message.</summary>
    public NegotiationFailure TakeAnswer(OfferAnswer negotiation, in SipMessageView message) =>
        SessionBody.TryRead(message, out SessionDescription? answer, out _) == SessionBodyKind.Description
            ? TakeAnswer(negotiation, answer!)
            : NegotiationFailure.NoAudio;

    /// <summary>Takes the description of an unreliable provisional response for the answer, until a reliable one comes, and hears the other side from then on.</summary>
    /// <returns>False when it has none that can be used.</returns>
    /// <remarks>The offer stays pending: another branch of the call, or its 2xx, may answer it otherwise. Source: RFC 6337 3.1.1.</remarks>
    public bool TakePreview(in SipMessageView response)
    {
        if (!_first.IsOfferPending || SessionBody.TryRead(response, out SessionDescription? answer, out _) != SessionBodyKind.Description) return false;
        OfferAnswer preview = _first.Fork();
        if (preview.ProcessAnswer(answer!, out NegotiatedAudio? audio) != NegotiationFailure.None) return false;
        _preview = preview;
        Apply(audio!);
        Listen();
        return true;
    }

    /// <summary>The call goes elsewhere: who answered early is not who will answer.</summary>
    public void ForgetPreview() => _preview = null;

    /// <summary>Takes the answer of the 2xx that accepts the call, or the preview of it where the 2xx has none.</summary>
    public NegotiationFailure TakeFinalAnswer(CallDialog dialog, in SipMessageView success)
    {
        OfferAnswer? preview = _preview;
        _preview = null;
        if (dialog.IsAgreed)
        {
            Apply(dialog.Negotiation.Audio!);       // another phone may have been heard last
            return NegotiationFailure.None;
        }

        if (preview is null || SessionBody.TryRead(success, out _, out _) == SessionBodyKind.Description) return TakeAnswer(dialog.Negotiation, success);
        preview.TellsRecording = dialog.Negotiation.TellsRecording;
        dialog.Negotiation = preview;
        Apply(preview.Audio!);
        return NegotiationFailure.None;
    }

    /// <summary>Wants the other side on hold, or talks to it again; the next offer or answer says so.</summary>
    public void Hold(bool isHolding)
    {
        IsHolding = isHolding;
        if (_media is not null) _media.IsHolding = isHolding;
    }

    /// <summary>Begins, pauses or ends what is recorded.</summary>
    /// <returns>What the change says: false when it does not fit.</returns>
    public bool ChangeRecording(Func<CallRecording, bool> change)
    {
        if (!change(_recording)) return false;
        SettleRecording();
        return true;
    }

    /// <summary>True when the other side would take in that it is recorded, and was last told otherwise.</summary>
    public bool IsRecordingUntold(OfferAnswer negotiation) =>
        negotiation.TellsRecording && _recording.Told is { } state && state != (negotiation.ToldRecording ?? RecordingState.Off);

    /// <summary>Says whether the other side has begun, paused or ended a recording since the last time.</summary>
    public bool TryTakeRecording(out RecordingState state)
    {
        state = RemoteRecording;
        bool isNew = state != _toldRemoteRecording;
        _toldRemoteRecording = state;
        return isNew;
    }

    /// <summary>Says whether the other side wants something else of a recording than the last time.</summary>
    public bool TryTakeRecordingPreference(out RecordingPreference preference)
    {
        preference = RemoteRecordingPreference;
        bool isNew = preference != _toldPreference;
        _toldPreference = preference;
        return isNew;
    }

    /// <summary>A change was refused: what held before holds on.</summary>
    public void Restore(OfferAnswer negotiation)
    {
        negotiation.Abandon();
        if (negotiation.Audio is { } audio) _media?.Apply(audio);
    }

    /// <summary>Begins to hear the other side.</summary>
    public void Listen() => _media!.Listen(Audio);

    /// <summary>Begins to speak before the call is established: to callers who hear early media.</summary>
    public void TalkEarly() => _media!.Talk(Audio);

    /// <summary>The call is established: begins to speak, and echoes the keys of a caller that was faster than its ACK.</summary>
    /// <param name="negotiation">The dialog's.</param>
    public void Talk(OfferAnswer negotiation)
    {
        _tellsRecording = negotiation.TellsRecording;
        SettleRecording();
        _media!.Talk(Audio);
        if (_earlyDigits.Length > 0) _media.TrySendDigits(_earlyDigits, isAsked: false);
    }

    /// <summary>Says whether the other side put this one on hold, or took it off, since the last time.</summary>
    public bool TryTakeHold(out bool isHeld)
    {
        isHeld = _media!.IsHeldByRemote;
        bool isNew = isHeld != _isHeld;
        _isHeld = isHeld;
        return isNew;
    }

    /// <summary>Sends digits behind those that wait.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <param name="asTones">As tones, not as events.</param>
    /// <returns>False when the other side takes no events, or too many wait.</returns>
    public bool TrySendDigits(string digits, bool asTones) => _media!.TrySendDigits(digits, asTones);

    /// <summary>Sends no more, and tells <see cref="CallLeg.OnMediaEnded"/> once what is still there has been played.</summary>
    public void Close()
    {
        if (_isClosing) return;
        _isClosing = true;
        if (_media is not null) _media.Close(Audio);
        else Audio.Sink?.End();
    }

    private void Apply(NegotiatedAudio audio)
    {
        if (audio.RemoteRecording is { } recording) RemoteRecording = recording;
        Prefer(audio.RemoteRecordingPreference);
        _media!.Apply(audio);
    }

    private RecordingPreference Prefer(RecordingPreference preference)
    {
        RemoteRecordingPreference = preference;
        RecordingPreference before = _recording.Prefer(core.Options.HonorsRecordingPreference ? preference : RecordingPreference.NoPreference);
        SettleRecording();
        return before;
    }

    /// <summary>Lets the recorder hear what it is to hear, and the tone sound for who is told in no other way.</summary>
    private void SettleRecording()
    {
        if (_media is null) return;
        if (_recording.Hearing != _heardBy) _media.Tap(_heardBy = _recording.Hearing);
        bool sounds = Audio.HasRecordingTone && !_tellsRecording && _recording.State == RecordingState.On;
        if (sounds != _hasTone) _media.Overlay((_hasTone = sounds) ? ToneSource.Recording() : null);
    }

    // What the media and INFOs bring.

    public void OnDigit(char digit, TimeSpan duration, KeyTransport by)
    {
        leg.Observer.OnDigit(leg, digit, duration);
        if (!Audio.EchoesDigits) return;
        if (by != KeyTransport.Rtp) leg.SendDigits(digit.ToString(), by);
        else if (leg.State == CallState.Established) _media!.TrySendDigits(digit.ToString(), isAsked: false);
        else if (leg.State == CallState.Accepted && _earlyDigits.Length < CallMedia.MaxDigits) _earlyDigits += digit;
    }

    public void OnDigitsSent() => leg.Observer.OnDigitsSent(leg);

    public void OnSourceEnded() => leg.OnSourceEnded();

    public void OnQuality(in QualityInterval interval) => leg.Observer.OnQuality(leg, interval);

    public void OnMediaEnded(AudioStatistics statistics)
    {
        (_media, _statistics) = (null, statistics);
        leg.OnMediaEnded();
    }
}
