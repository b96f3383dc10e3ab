using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Sdp;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent.Calls;

/// <summary>The audio of one call on one pair of ports.</summary>
/// <remarks>
/// Before the call is answered it only listens; the source begins when the call is established, so that nothing of it is
/// said to nobody. While it rings at several phones, it has the sound of the one that described it last. Source: RFC 3261
/// 13.2.1; RFC 3960 for early media.
/// </remarks>
internal sealed class CallMedia : IAudioHandler
{
    /// <summary>How many digits may wait to be sent.</summary>
    public const int MaxDigits = 64;

    private static readonly TimeSpan DigitTail = TimeSpan.FromMilliseconds(60);     // RFC 4733 2.5.1.4: the end of a digit is sent three times

    private readonly UserAgentCore _core;
    private readonly CallSession _session;
    private readonly AudioEndpoint _endpoint;
    private readonly AudioOptions _options;
    private readonly DigitTimer _digits;
    private NegotiatedAudio? _audio;
    private bool _isStarted;
    private bool _isTalking;
    private bool _isAbandoned;

    private CallMedia(UserAgentCore core, CallSession session, NetworkAddress local)
    {
        (_core, _session) = (core, session);
        _options = new AudioOptions { CanonicalName = RandomNumberGenerator.GetHexString(16, lowercase: true), Silence = core.Options.Silence };
        _digits = new DigitTimer(this);
        var options = new AudioEndpointOptions { Local = local, Advertised = core.Options.AdvertisedMediaAddress, Ports = core.MediaPorts, Audio = _options };
        _endpoint = AudioEndpoint.Open(core.Lane.Loop, options, this, core.Random);
    }

    /// <summary>Where it receives, for offers and answers.</summary>
    public LocalAudioAddress LocalAddress => _endpoint.LocalAddress;

    /// <summary>True while this side has put the other one on hold: nothing is said to it.</summary>
    public bool IsHolding { get; set; }

    /// <summary>True when the other side wants to hear nothing.</summary>
    public bool IsHeldByRemote => _audio is { IsHeldByRemote: true };

    /// <summary>The codec that is sent; null before it is negotiated.</summary>
    public string? Codec => _audio?.Codec.Format.EncodingName;

    /// <summary>How it goes.</summary>
    public AudioStatistics Statistics => _endpoint.Statistics;

    /// <summary>Opens ports.</summary>
    /// <param name="core">The user agent.</param>
    /// <param name="session">Whose audio it is.</param>
    /// <param name="signalling">Where the call's messages go: media leaves by the same interface.</param>
    /// <returns>Null when there is no port, or no way there.</returns>
    public static CallMedia? TryOpen(UserAgentCore core, CallSession session, NetworkAddress signalling)
    {
        NetworkAddress local = core.Options.MediaAddress.IsSpecified ? core.Options.MediaAddress : core.Lane.LocalAddressTowards(signalling);
        if (!local.IsSpecified) return null;
        try
        {
            return new CallMedia(core, session, local);
        }
        catch (MediaPortsException)
        {
            return null;
        }
    }

    /// <summary>Takes over what an offer and its answer agree on.</summary>
    public void Apply(NegotiatedAudio audio)
    {
        _audio = audio;
        if (_isStarted) _endpoint.Update(Allowed(audio));
    }

    /// <summary>Begins to hear the other side, when it is known what it sends.</summary>
    public void Listen(CallAudio audio)
    {
        if (_isStarted || _audio is null) return;
        _isStarted = true;
        _endpoint.Start(Allowed(_audio), _core.Options.Codecs, audio.Source ?? new SilenceSource(), audio.Sink ?? new NullSink());
    }

    /// <summary>Lets somebody hear both directions besides, from now on.</summary>
    /// <param name="tap">Who; null for nobody any more.</param>
    public void Tap(IAudioTap? tap) => _endpoint.Tap(tap);

    /// <summary>Lets something sound over what is said, from now on.</summary>
    /// <param name="overlay">What; null for nothing any more.</param>
    public void Overlay(IAudioSource? overlay) => _endpoint.Overlay(overlay);

    /// <summary>Begins to speak.</summary>
    public void Talk(CallAudio audio)
    {
        _isTalking = true;
        if (_isStarted) _endpoint.Update(Allowed(_audio!));
        else Listen(audio);
    }

    /// <summary>Sends digits behind those that wait.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <param name="asTones">As tones, not as events.</param>
    /// <param name="isAsked">True when <see cref="CallSession.OnDigitsSent"/> is waited for.</param>
    /// <returns>False when the other side takes no events, or too many wait.</returns>
    public bool TrySendDigits(string digits, bool asTones = false, bool isAsked = true)
    {
        if ((_audio?.TelephoneEvent is null && !asTones) || _digits.Waiting + digits.Length > MaxDigits) return false;
        _endpoint.SendDtmf(digits, asTones);
        _digits.Add(digits.Length, isAsked);
        return true;
    }

    /// <summary>Sends no more, plays what is still there, and then tells <see cref="CallSession.OnMediaEnded"/>.</summary>
    /// <param name="audio">Whose sink is told that nothing comes, when nothing ever came.</param>
    public void Close(CallAudio audio)
    {
        _core.Lane.Loop.Schedule(_digits, Instant.Never);
        if (!_isStarted) audio.Sink?.End();
        _ = _endpoint.StopAsync();
    }

    /// <summary>Gives the ports back before anything came of them, and tells nobody.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        _ = _endpoint.StopAsync();
    }

    void IAudioHandler.OnEvent(Instant now, AudioEvent audioEvent)
    {
        if (audioEvent is { IsEnd: true, Digit: { } digit }) _session.OnDigit(digit, audioEvent.Duration, KeyTransport.Rtp);
    }

    void IAudioHandler.OnSourceEnded(Instant now) => _session.OnSourceEnded();

    void IAudioHandler.OnQuality(Instant now, in QualityInterval interval) => _session.OnQuality(interval);

    void IAudioHandler.OnEnded(Instant now, AudioStatistics statistics)
    {
        if (!_isAbandoned) _session.OnMediaEnded(statistics);
    }

    private NegotiatedAudio Allowed(NegotiatedAudio audio) =>
        _isTalking && !IsHolding ? audio : audio with { Direction = audio.Direction & MediaDirection.ReceiveOnly };

    /// <summary>Tells when the digits of each call of <see cref="TrySendDigits"/> have been sent.</summary>
    private sealed class DigitTimer(CallMedia media) : LoopTimer
    {
        private readonly Queue<(Instant SentBy, int Count, bool IsAsked)> _batches = new();
        private Instant _lastSentBy;

        public int Waiting { get; private set; }

        public void Add(int count, bool isAsked)
        {
            Instant begin = Instant.Max(_lastSentBy, media._core.Lane.Now);
            _lastSentBy = begin + (count * (media._options.DtmfDuration + media._options.DtmfPause)) + DigitTail;
            _batches.Enqueue((_lastSentBy, count, isAsked));
            Waiting += count;
            media._core.Lane.Loop.Schedule(this, _batches.Peek().SentBy);
        }

        public override void OnDeadline(Instant now)
        {
            (_, int count, bool isAsked) = _batches.Dequeue();
            Waiting -= count;
            if (_batches.TryPeek(out (Instant SentBy, int Count, bool IsAsked) next)) media._core.Lane.Loop.Schedule(this, next.SentBy);
            if (isAsked) media._session.OnDigitsSent();
        }
    }
}
