using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Publications;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent;

/// <remarks>Events: subscriptions of this side, subscriptions at this side, and what it publishes. Source: RFC 6665, RFC 3903.</remarks>
public sealed partial class UserAgentCore
{
    /// <summary>Who decides about subscriptions that others ask for; null refuses them (405).</summary>
    public ISubscribeHandler? SubscribeHandler
    {
        get;
        set
        {
            field = value;
            Declare();
        }
    }

    /// <summary>Subscriptions that have not ended, of both sides.</summary>
    public int SubscriptionCount => Events.Count;

    internal EventUsages Events { get; }

    /// <summary>Subscribes to somebody's state. The observer may hear before this returns.</summary>
    /// <param name="uri">Whose: a sip or sips URI.</param>
    /// <param name="eventType">The event type: <c>presence</c>; one that is not in <see cref="EventPackages"/> may be asked for too.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Who hears what happens.</param>
    /// <exception cref="ArgumentException">The URI is no SIP URI, the event type no token, or an option is not allowed.</exception>
    public Subscription Subscribe(SipUri uri, string eventType, SubscribeOptions options, ISubscriptionObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(eventType);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        options.Validate();
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        var subscription = new Subscription(this, uri, EventName.Parse(eventType), options, observer);
        subscription.Begin();
        return subscription;
    }

    /// <summary>Accepts a SUBSCRIBE that begins a subscription: answers it, and tells the state.</summary>
    /// <param name="request">The SUBSCRIBE.</param>
    /// <param name="package">Its package.</param>
    /// <param name="limits">How long it may last.</param>
    /// <param name="source">What is told.</param>
    /// <param name="isAuthorized">False when it is not decided yet whether the subscriber may know.</param>
    /// <param name="context">What the source keeps for it (<see cref="Notifier.Context"/>).</param>
    /// <param name="headers">Further rows of each 200 to a SUBSCRIBE of it, each with its CRLF.</param>
    /// <returns>Null when it could not be accepted; it was then answered.</returns>
    /// <remarks>Source: RFC 6665 4.2.1.</remarks>
    public Notifier? AcceptSubscription(in SipIncomingRequest request, EventPackage package, in SubscriptionLimits limits, INotifierSource source, bool isAuthorized = true, object? context = null, byte[]? headers = null)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(source);
        SipMessageView message = request.Message;
        if (!limits.TryGrant(message, out TimeSpan granted, out SipReply refusal))
        {
            request.Reply(refusal);
            return null;
        }

        LocalTag tag = LocalTag.Create();
        byte[] tagBytes = tag.ToBytes();
        if (EventName.Of(message) is not { } name || !Dialog.TryCreateAtServer(message, tagBytes, request.Flow.Transport.IsSecure, out Dialog? dialog))
        {
            request.Reply(new SipReply(400) { ReasonPhrase = "Malformed Event, Contact or Record-Route"u8 });
            return null;
        }

        string requestUri = WireText.From(message.RequestUri);
        var notifier = new Notifier(this, dialog, tag, package, name, limits, source, ContactUserOf(message), Dialog.NeedsSecureContact(message)) { Context = context, AcceptanceHeaders = headers ?? [] };
        if (!Events.TryAdd(tag, notifier))
        {
            request.Reply(new SipReply(503) { Headers = "Retry-After: 60\r\n"u8, ReasonPhrase = "Too Many Subscriptions"u8 });
            return null;
        }

        SipFlow? flow = source.FlowTo(message, request.Flow);
        if (request.CreateTransaction(this) is not { } transaction)
        {
            Events.Remove(tag, notifier);
            return null;
        }

        dialog.Confirm();
        transaction.Respond(new SipReply(200) { ToTag = tagBytes, CopyRecordRoute = true, Headers = notifier.WriteAcceptance(request.Flow, requestUri, granted) });
        notifier.Begin(granted, isAuthorized, flow);
        return notifier;
    }

    /// <summary>Begins a subscription that another request than SUBSCRIBE asked for, as REFER does, in the dialog of that request.</summary>
    /// <param name="dialog">The dialog: that of a call, which outlives the subscription, or one that the request made.</param>
    /// <param name="tag">This side's tag in it.</param>
    /// <param name="package">The package.</param>
    /// <param name="name">The event, with the id that NOTIFYs have.</param>
    /// <param name="duration">How long it lasts unless it is refreshed.</param>
    /// <param name="source">What is told.</param>
    /// <returns>Null when there are as many as there may be.</returns>
    /// <remarks>The request has been answered: a NOTIFY goes out at once. Source: RFC 3515 2.4.4, RFC 6665 4.2.1.</remarks>
    internal Notifier? NotifyIn(Dialog dialog, LocalTag tag, EventPackage package, EventName name, TimeSpan duration, INotifierSource source)
    {
        var notifier = new Notifier(this, dialog, tag, package, name, SubscriptionLimits.Usual(package.DefaultExpiry), source, ContactUser, dialog.IsSecure);
        if (!Events.TryAdd(tag, notifier)) return null;
        notifier.Begin(duration, isAuthorized: true, flow: null);
        return notifier;
    }

    /// <summary>Publishes something as the state of a resource; nothing is sent before <see cref="Publication.Publish"/>.</summary>
    /// <param name="uri">Whose state.</param>
    /// <param name="eventType">The event type: <c>presence</c>.</param>
    /// <param name="expiry">How long it is asked to stand; it is refreshed in time.</param>
    /// <param name="observer">Who hears what becomes of it.</param>
    /// <exception cref="ArgumentException">The URI is no SIP URI, or the event type no token.</exception>
    public Publication CreatePublication(SipUri uri, string eventType, TimeSpan expiry, IPublicationObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(eventType);
        ArgumentNullException.ThrowIfNull(observer);
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        ArgumentOutOfRangeException.ThrowIfLessThan(expiry, TimeSpan.FromSeconds(1));
        return new Publication(this, uri, EventName.Parse(eventType), expiry, observer);
    }

    /// <summary>A SUBSCRIBE or NOTIFY that is for no call.</summary>
    private void OnEventRequest(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        bool isInDialog = message.TryGetTo(out NameAddressView to) != HeaderStatus.Ok || !to.Tag.IsEmpty;
        if (!isInDialog && message.Method == SipMethod.Subscribe && SubscribeHandler is null) request.Reply(new SipReply(405) { Headers = CallHeaders });
        else if (!message.Has(HeaderId.Event)) request.Reply(new SipReply(489) { Headers = Declared.AllowEvents });
        else if (isInDialog) Events.OnRequest(request);
        else if (message.Method == SipMethod.Notify) request.Reply(new SipReply(481) { ReasonPhrase = "Subscription Does Not Exist"u8 });
        else SubscribeHandler!.OnSubscribe(request);
    }

    /// <summary>The user that a request was sent to, whom the Contact of what follows has.</summary>
    private byte[] ContactUserOf(in SipMessageView request) =>
        request.TryGetRequestUri(out SipUriView uri) == HeaderStatus.Ok && uri.HasUser ? uri.User.ToArray() : ContactUser;
}
