using Parley.Core;
using Parley.Net;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Publications;

/// <summary>Keeps one published state at its compositor: publishes it, refreshes it in time, changes it, and removes it.</summary>
/// <remarks>
/// One request is under way at a time; what is published meanwhile follows. A compositor that has forgotten the state (412) is told it anew.
/// A first publication that is refused is not tried again; one that stood is, with growing waits. All members are the lane's. Source: RFC 3903 4.
/// </remarks>
public sealed class Publication : LoopTimer
{
    private static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BaseWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1800);

    private readonly UserAgentCore _core;
    private readonly IPublicationObserver _observer;
    private byte[] _body = [];
    private bool _isUnderWay;
    private bool _isBodyDue;        // the compositor does not have the latest body
    private bool _isRemoved;
    private bool _hasStood;
    private int _failures;

    internal Publication(UserAgentCore core, SipUri uri, EventName name, TimeSpan expiry, IPublicationObserver observer)
    {
        (_core, Uri, Event, Expiry, _observer) = (core, uri, name, expiry, observer);
        Target = WireText.ToRequestUri(uri).ToBytes();
    }

    /// <summary>Whose state it is.</summary>
    public SipUri Uri { get; }

    /// <summary>The event.</summary>
    public EventName Event { get; }

    /// <summary>How long it is asked to stand.</summary>
    public TimeSpan Expiry { get; private set; }

    internal byte[] Target { get; }

    /// <summary>What the compositor calls the state; empty when it has none.</summary>
    internal byte[] Tag { get; private set; } = [];

    internal byte[] ContentType { get; private set; } = [];

    /// <summary>Publishes a state, in the place of the one before.</summary>
    /// <param name="contentType">Its media type.</param>
    /// <param name="body">The state; not empty.</param>
    /// <exception cref="ArgumentException">The type has a CR or LF, or the body is empty.</exception>
    public void Publish(string contentType, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(contentType);
        if (contentType.AsSpan().ContainsAny('\r', '\n') || body.IsEmpty) throw new ArgumentException("A state has a media type and a body.");
        (ContentType, _body, _isBodyDue, _isRemoved) = (WireText.ToBytes(contentType), body.ToArray(), true, false);
        Drive();
    }

    /// <summary>Removes the state.</summary>
    public void Remove()
    {
        if (_isRemoved && _isUnderWay) return;
        (_isRemoved, _isBodyDue) = (true, false);
        _core.Lane.Loop.Schedule(this, Instant.Never);
        Drive();
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (_isUnderWay || _isRemoved) return;
        if (Tag.Length == 0) _isBodyDue = true;
        Send();
    }

    internal void OnAccepted(byte[] tag, TimeSpan granted)
    {
        _isUnderWay = false;
        (Tag, _hasStood, _failures) = (tag, true, 0);
        if (_isRemoved || _isBodyDue)
        {
            Drive();
            return;
        }

        TimeSpan lead = granted / 5;
        _core.Lane.Loop.Schedule(this, _core.Lane.Now + granted - (lead < LongestLead ? lead : LongestLead));
        _observer.OnPublished(this, granted);
    }

    internal void OnRemoved()
    {
        (_isUnderWay, Tag, _hasStood) = (false, [], false);
        _observer.OnRemoved(this);
        if (!_isRemoved) Drive();
    }

    internal void OnFailed(int statusCode, string reasonPhrase, RequestFailure? failure, TimeSpan? retryAfter)
    {
        _isUnderWay = false;
        if (statusCode == 412 && Tag.Length > 0)
        {
            (Tag, _isBodyDue) = ([], !_isRemoved);
            Drive();
            return;
        }

        if (_isRemoved)
        {
            OnRemoved();        // what the compositor still has of it ends by itself
            return;
        }

        TimeSpan? wait = null;
        if (_hasStood)
        {
            double seconds = Math.Min(BaseWait.TotalSeconds * Math.Pow(2, Math.Min(_failures++, 10)), LongestWait.TotalSeconds) * (0.5 + (_core.Random.NextDouble() / 2));
            wait = TimeSpan.FromSeconds(Math.Max(seconds, retryAfter?.TotalSeconds ?? 0));
            _isBodyDue = true;
            _core.Lane.Loop.Schedule(this, _core.Lane.Now + wait.Value);
        }

        _observer.OnFailed(this, statusCode, reasonPhrase, failure, wait);
    }

    internal void OnTooBrief(TimeSpan least) => Expiry = least;

    private void Drive()
    {
        if (_isUnderWay) return;
        if (_isRemoved && Tag.Length == 0) OnRemoved();
        else if (_isRemoved || _isBodyDue) Send();
    }

    private void Send()
    {
        _isUnderWay = true;
        byte[] body = _isBodyDue && !_isRemoved ? _body : [];
        _isBodyDue = false;
        new PublishRequest(_core, this, _isRemoved ? TimeSpan.Zero : Expiry, body).Start();
    }
}
