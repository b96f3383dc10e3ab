using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Sdp;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>The session of one call: what its messages describe, what is said and heard, the digits, and whether it is held.</summary>
/// <remarks>
/// <see cref="CallLeg"/> says when; this reads and writes the bodies and has the audio. There is one <see cref="CallMedia"/> at
/// a time: none before there is something to describe, and a new one for each address that an outgoing call goes to.
/// Source: RFC 3261 13, 14.
/// </remarks>
internal sealed class CallSession(UserAgentCore core, CallLeg leg)
{
    private CallMedia? _media;
    private AudioStatistics? _statistics;   // of media that has ended
    private string _earlyDigits = "";       // to be echoed once the call is established
    private bool _isHeld;
    private bool _isClosing;

    /// <summary>What it says and hears.</summary>
    public CallAudio Audio { get; set; } = CallAudio.None;

    /// <summary>How it goes, or went until the end; null when there was no media.</summary>
    public AudioStatistics? Statistics => _media?.Statistics ?? _statistics;

    /// <summary>The codec that is sent; null before it is negotiated.</summary>
    public string? Codec => _media?.Codec ?? _statistics?.Codec;

    /// <summary>True while there is media, which plays what is left when it is closed.</summary>
    public bool HasMedia => _media is not null;

    /// <summary>True while this side's offer waits for its answer.</summary>
    public bool IsOfferPending => _media is { IsOfferPending: true };

    /// <summary>Opens ports, in the place of those that nothing came of.</summary>
    /// <param name="signalling">Where the call's messages go.</param>
    /// <returns>False when there is no port, or no way there.</returns>
    public bool TryOpen(NetworkAddress signalling)
    {
        _media?.Abandon();
        _media = CallMedia.TryOpen(core, this, signalling);
        return HasMedia;
    }

    /// <summary>Describes this side: with an answer, or with an offer where there is none to answer.</summary>
    /// <param name="offer">The other side's offer.</param>
    /// <param name="description">The body; empty when the offer cannot be answered.</param>
    public NegotiationFailure Describe(SessionDescription? offer, out byte[] description)
    {
        var failure = NegotiationFailure.None;
        SessionDescription? ours;
        if (offer is null) ours = _media!.CreateOffer();
        else failure = _media!.Answer(offer, out ours);
        description = ours?.ToBytes() ?? [];
        return failure;
    }

    /// <summary>Takes the description of a provisional response for the answer, and hears the other side from then on.</summary>
    /// <returns>False when it has none that can be used.</returns>
    public bool TakeEarlyAnswer(in SipMessageView response)
    {
        bool isTaken = SessionBody.TryRead(response, out SessionDescription? answer, out _) == SessionBodyKind.Description
            && _media!.TakeEarlyAnswer(answer!) == NegotiationFailure.None;
        if (isTaken) Listen();
        return isTaken;
    }

    /// <summary>The call goes elsewhere: who answered early is not who will answer.</summary>
    public void ForgetEarlyAnswer() => _media!.ForgetEarlyAnswer();

    /// <summary>Takes the answer to the pending offer from a 2xx or an ACK, or the early one where it has none.</summary>
    public NegotiationFailure TakeAnswer(in SipMessageView message) =>
        SessionBody.TryRead(message, out SessionDescription? answer, out _) == SessionBodyKind.Description
            ? _media!.TakeAnswer(answer!)
            : _media!.KeepEarlyAnswer();

    /// <summary>Begins to hear the other side.</summary>
    public void Listen() => _media!.Listen(Audio);

    /// <summary>The call is established: begins to speak, and echoes the keys of a caller that was faster than its ACK.</summary>
    public void Talk()
    {
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
    /// <returns>False when the other side takes none, or too many wait.</returns>
    public bool TrySendDigits(string digits) => _media!.TrySendDigits(digits);

    /// <summary>Sends no more, and tells <see cref="CallLeg.OnMediaEnded"/> once what is still there has been played.</summary>
    public void Close()
    {
        if (_isClosing) return;
        _isClosing = true;
        if (_media is not null) _media.Close(Audio);
        else Audio.Sink?.End();
    }

    // What the media brings.

    public void OnDigit(char digit, TimeSpan duration)
    {
        leg.Observer.OnDigit(leg, digit, duration);
        if (!Audio.EchoesDigits) return;
        if (leg.State == CallState.Established) _media!.TrySendDigits(digit.ToString(), isAsked: false);
        else if (leg.State == CallState.Accepted && _earlyDigits.Length < CallMedia.MaxDigits) _earlyDigits += digit;
    }

    public void OnDigitsSent() => leg.Observer.OnDigitsSent(leg);

    public void OnSourceEnded() => leg.OnSourceEnded();

    public void OnMediaEnded(AudioStatistics statistics)
    {
        (_media, _statistics) = (null, statistics);
        leg.OnMediaEnded();
    }
}
