using System.Diagnostics.CodeAnalysis;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Dialogs;

/// <summary>What two user agents know of each other between the requests of a call or subscription: names, sequence numbers, where to send.</summary>
/// <remarks>
/// <code>
///   101-199 with To tag    +-------+  2xx: Confirm    +-----------+
///   ----------------------&gt;| Early |-----------------&gt;| Confirmed |&lt;---- 2xx
///                          +-------+                  +-----------+
///             final of 300 or more,   +------------+     |  BYE, 481, 408
///             CANCEL: Terminate  ----&gt;| Terminated |&lt;----+  Terminate
///                                     +------------+
/// </code>
/// Values are kept as they came, so that what is sent back is what was received. Requests of this side are made by writing
/// <see cref="RequestUri"/>, <see cref="Route"/>, <see cref="From"/>, <see cref="To"/>, <see cref="CallId"/> and
/// <see cref="TakeSequenceNumber"/>, or as an object by <see cref="CreateRequest(SipMethod)"/>. A forked INVITE makes one dialog per
/// To tag. Not thread-safe: one lane owns it. Source: RFC 3261 12; RFC 3261 13.2.2.4 for what a 2xx changes.
/// </remarks>
public sealed class Dialog
{
    private readonly byte[] _callId;
    private readonly byte[] _from;
    private readonly byte[] _to;
    private readonly byte[] _localTag;
    private readonly byte[] _remoteTag;
    private byte[] _remoteTarget;
    private RouteSet _routes;

    private Dialog(in SipMessageView message, ReadOnlySpan<byte> callId, byte[] from, byte[] to, byte[] localTag, byte[] remoteTag, byte[] remoteTarget, RouteSet routes)
    {
        _callId = callId.ToArray();
        (_from, _to, _localTag, _remoteTag, _remoteTarget, _routes) = (from, to, localTag, remoteTag, remoteTarget, routes);
        State = message.IsRequest || message.StatusCode < 200 ? DialogState.Early : DialogState.Confirmed;
    }

    /// <summary>Where the dialog is.</summary>
    public DialogState State { get; private set; }

    /// <summary>True when it was made over TLS with a sips URI: the Contact of this side must then be one.</summary>
    public bool IsSecure { get; private init; }

    /// <summary>Number of the last request of this side; null before the first.</summary>
    public uint? LocalSequenceNumber { get; private set; }

    /// <summary>Number of the last request of the other side; null before the first.</summary>
    public uint? RemoteSequenceNumber { get; private set; }

    /// <summary>Call-ID.</summary>
    public ReadOnlySpan<byte> CallId => _callId;

    /// <summary>This side's tag.</summary>
    public ReadOnlySpan<byte> LocalTag => _localTag;

    /// <summary>The other side's tag; empty for a peer of RFC 2543.</summary>
    public ReadOnlySpan<byte> RemoteTag => _remoteTag;

    /// <summary>The value of From in requests of this side, with its tag.</summary>
    public ReadOnlySpan<byte> From => _from;

    /// <summary>The value of To in requests of this side, with its tag.</summary>
    public ReadOnlySpan<byte> To => _to;

    /// <summary>The URI at which the other side is reached.</summary>
    public ReadOnlySpan<byte> RemoteTarget => _remoteTarget;

    /// <summary>The Request-URI of the next request.</summary>
    /// <remarks>Source: RFC 3261 12.2.1.1.</remarks>
    public ReadOnlySpan<byte> RequestUri => _routes.RequestUri(_remoteTarget);

    /// <summary>The value of Route of the next request; empty for none.</summary>
    /// <remarks>Source: RFC 3261 12.2.1.1.</remarks>
    public ReadOnlySpan<byte> Route => _routes.Route(_remoteTarget);

    /// <summary>The URI that is located to find where the next request goes.</summary>
    /// <remarks>Source: RFC 3261 8.1.2.</remarks>
    public ReadOnlySpan<byte> NextHop => _routes.NextHop(_remoteTarget);

    /// <summary>How many proxies are in the route set.</summary>
    public int RouteCount => _routes.Count;

    /// <summary>Makes the dialog that a request begins, at its server. It is early until <see cref="Confirm()"/>.</summary>
    /// <param name="request">The INVITE, or another request that begins a dialog.</param>
    /// <param name="localTag">The tag that the responses put into To; not looked at when the request has one.</param>
    /// <param name="isOverTls">Whether it came over TLS.</param>
    /// <param name="dialog">The dialog.</param>
    /// <returns>False when From, To, Call-ID, CSeq or Contact is missing, or one of them or a Record-Route is malformed: 400.</returns>
    /// <remarks>Source: RFC 3261 12.1.1.</remarks>
    public static bool TryCreateAtServer(in SipMessageView request, ReadOnlySpan<byte> localTag, bool isOverTls, [NotNullWhen(true)] out Dialog? dialog)
    {
        dialog = null;
        if (request.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || request.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return false;
        if (request.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || request.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        if (!TryGetTarget(request, out byte[]? target) || target is null) return false;
        if (!RouteSet.TryRead(request, isReversed: false, out RouteSet routes)) return false;
        byte[] local = to.Tag.IsEmpty ? [.. to.Bytes, .. ";tag="u8, .. localTag] : to.Bytes.ToArray();
        byte[] tag = to.Tag.IsEmpty ? localTag.ToArray() : to.Tag.ToArray();
        dialog = new Dialog(request, callId, local, from.Bytes.ToArray(), tag, from.Tag.ToArray(), target, routes)
        {
            RemoteSequenceNumber = cseq.Number,
            IsSecure = isOverTls && IsSips(request.RequestUri),
        };
        return true;
    }

    /// <summary>Makes the dialog that a response begins, at the client of its request.</summary>
    /// <param name="response">A 101 to 299, which repeats From, Call-ID and CSeq of the request.</param>
    /// <param name="requestUri">Request-URI of the request, well-formed: the remote target until a Contact comes, as ringing phones leave it out.</param>
    /// <param name="isOverTls">Whether the request went over TLS.</param>
    /// <param name="dialog">The dialog: early for a provisional response, else confirmed.</param>
    /// <returns>False when From, To, Call-ID or CSeq is missing, one of them, Contact or a Record-Route is malformed, or the status begins no dialog: a provisional response without To tag does not.</returns>
    /// <remarks>Source: RFC 3261 12.1.2.</remarks>
    public static bool TryCreateAtClient(in SipMessageView response, ReadOnlySpan<byte> requestUri, bool isOverTls, [NotNullWhen(true)] out Dialog? dialog)
    {
        dialog = null;
        if (response.StatusCode is < 101 or > 299) return false;
        if (response.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || response.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return false;
        if (response.StatusCode < 200 && to.Tag.IsEmpty) return false;
        if (response.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || response.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        if (!TryGetTarget(response, out byte[]? target)) return false;
        if (!RouteSet.TryRead(response, isReversed: true, out RouteSet routes)) return false;
        dialog = new Dialog(response, callId, from.Bytes.ToArray(), to.Bytes.ToArray(), from.Tag.ToArray(), to.Tag.ToArray(), target ?? requestUri.ToArray(), routes)
        {
            LocalSequenceNumber = cseq.Number,
            IsSecure = isOverTls && IsSips(requestUri),
        };
        return true;
    }

    /// <summary>Makes the dialog that a NOTIFY begins, at the subscriber: it is confirmed, whether the answer to the SUBSCRIBE has come or not.</summary>
    /// <param name="notify">The NOTIFY, with the SUBSCRIBE's From tag in its To.</param>
    /// <param name="sequenceNumber">Number of the last SUBSCRIBE that was sent.</param>
    /// <param name="isOverTls">Whether it came over TLS.</param>
    /// <param name="dialog">The dialog.</param>
    /// <returns>False when From, To, Call-ID, CSeq or Contact is missing, or one of them or a Record-Route is malformed: 400.</returns>
    /// <remarks>Source: RFC 6665 4.4.1.</remarks>
    public static bool TryCreateAtSubscriber(in SipMessageView notify, uint sequenceNumber, bool isOverTls, [NotNullWhen(true)] out Dialog? dialog)
    {
        if (!TryCreateAtServer(notify, default, isOverTls, out dialog)) return false;
        dialog.LocalSequenceNumber = sequenceNumber;
        dialog.Confirm();
        return true;
    }

    /// <summary>True when the Contact that answers a request, which begins a dialog, must be a sips URI.</summary>
    /// <remarks>Source: RFC 3261 12.1.1.</remarks>
    public static bool NeedsSecureContact(in SipMessageView request)
    {
        if (IsSips(request.RequestUri)) return true;
        if (request.TryGetFirst(HeaderId.RecordRoute, out HeaderValue top)) return NameAddressView.TryParse(top, out NameAddressView route) && IsSips(route.Uri);
        return request.TryGetContact(out ContactView contact) == HeaderStatus.Ok && !contact.IsStar && IsSips(contact.Address.Uri);
    }

    /// <summary>True when a response to a request of this side means that the dialog, or the call in it, is gone.</summary>
    /// <remarks>
    /// No response at all counts as 408. Of the others in the table a 405 or 501 ends what the method is part of, which only its
    /// sender knows. Source: RFC 3261 12.2.1.2, RFC 5057 5.1 (table 1).
    /// </remarks>
    public static bool IsEndedBy(int statusCode) => statusCode is 404 or 408 or 410 or 416 or 480 or 481 or 482 or 483 or 484 or 485 or 502 or 604;

    /// <summary>This side has sent a 2xx: the dialog is confirmed.</summary>
    public void Confirm()
    {
        if (State == DialogState.Early) State = DialogState.Confirmed;
    }

    /// <summary>A 2xx with this dialog's tags has come: the dialog is confirmed, and its route set and remote target are those of the 2xx.</summary>
    /// <returns>False when its Contact or a Record-Route is malformed; the dialog is confirmed with what it knew.</returns>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public bool Confirm(in SipMessageView response)
    {
        bool isFirst = State == DialogState.Early;
        Confirm();
        if (!isFirst) return true;
        bool isWellFormed = RouteSet.TryRead(response, isReversed: true, out RouteSet routes);
        if (isWellFormed) _routes = routes;
        return Refresh(response) && isWellFormed;
    }

    /// <summary>A target refresh request that is accepted, or the 2xx to one, has come: its Contact, if any, is the remote target from now on.</summary>
    /// <returns>False when the Contact is malformed; nothing changed.</returns>
    /// <remarks>INVITE, UPDATE, SUBSCRIBE, NOTIFY and REFER are target refresh requests; ACK is none. Source: RFC 3261 12.2.1.2 and 12.2.2.</remarks>
    public bool Refresh(in SipMessageView message)
    {
        if (!TryGetTarget(message, out byte[]? target)) return false;
        if (target is not null) _remoteTarget = target;
        return true;
    }

    /// <summary>The dialog is over.</summary>
    public void Terminate() => State = DialogState.Terminated;

    /// <summary>Places a request that came with a To tag, and takes its sequence number.</summary>
    /// <remarks>ACK and CANCEL have the number of their INVITE and take none. Source: RFC 3261 12.2.2.</remarks>
    public DialogRequestResult TryTakeRequest(in SipMessageView request)
    {
        if (request.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return DialogRequestResult.Malformed;
        if (State == DialogState.Terminated || !IsMine(request)) return DialogRequestResult.UnknownDialog;
        if (request.Method is SipMethod.Ack or SipMethod.Cancel) return DialogRequestResult.Ok;
        if (cseq.Number <= RemoteSequenceNumber) return DialogRequestResult.OutOfOrder;
        RemoteSequenceNumber = cseq.Number;
        return DialogRequestResult.Ok;
    }

    /// <summary>True for a request of the other side, or a response to one of this side, that has the dialog's Call-ID and tags.</summary>
    /// <remarks>Tags are tokens and so compared without regard to case; the Call-ID with it. Source: RFC 3261 12, 7.3.1 and 8.1.1.4.</remarks>
    public bool IsMine(in SipMessageView message)
    {
        if (message.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || !callId.SequenceEqual(_callId)) return false;
        if (message.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || message.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return false;
        return message.IsRequest
            ? Ascii.EqualsIgnoreCase(to.Tag, _localTag) && Ascii.EqualsIgnoreCase(from.Tag, _remoteTag)
            : Ascii.EqualsIgnoreCase(from.Tag, _localTag) && Ascii.EqualsIgnoreCase(to.Tag, _remoteTag);
    }

    /// <summary>True when a Replaces or Join that came in names this dialog.</summary>
    /// <remarks>Its tags are as in a request of the other side. Source: RFC 3891 3.</remarks>
    public bool IsNamed(DialogReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Encoding.UTF8.GetBytes(reference.CallId).AsSpan().SequenceEqual(_callId)
            && Ascii.EqualsIgnoreCase(Encoding.UTF8.GetBytes(reference.ToTag), _localTag)
            && Ascii.EqualsIgnoreCase(Encoding.UTF8.GetBytes(reference.FromTag), _remoteTag);
    }

    /// <summary>The Refer-To that lets somebody take this side's place: where the other side is, and which of its dialogs ends.</summary>
    /// <remarks>Source: RFC 5589 7, RFC 3891 4.</remarks>
    public SipUri ToReplace()
    {
        var reference = new DialogReference(SipText.Decode(_callId), SipText.Decode(_remoteTag), SipText.Decode(_localTag));
        SipUri target = SipUri.Parse(SipText.Decode(_remoteTarget));
        return target with { Headers = SipParameters.Empty.With("Replaces", reference.ToString()) };
    }

    /// <summary>The number for the next request of this side, ACK and CANCEL excepted.</summary>
    /// <remarks>Source: RFC 3261 12.2.1.1.</remarks>
    public uint TakeSequenceNumber()
    {
        uint number = LocalSequenceNumber is { } last ? last + 1 : 1;
        LocalSequenceNumber = number;
        return number;
    }

    /// <summary>The next request of this side, as an object: Request-URI, Route, From, To, Call-ID, CSeq and Max-Forwards. Via, and Contact in a target refresh request, are the caller's.</summary>
    /// <exception cref="ArgumentException">ACK or CANCEL, which have no number of their own.</exception>
    public SipRequest CreateRequest(SipMethod method)
    {
        if (method is SipMethod.Ack or SipMethod.Cancel) throw new ArgumentException("ACK and CANCEL are made from their INVITE.", nameof(method));
        return Create(method, TakeSequenceNumber());
    }

    /// <summary>The ACK of a 2xx, as an object; with the INVITE's credentials.</summary>
    /// <param name="invite">The INVITE of this dialog that the 2xx accepts.</param>
    /// <exception cref="ArgumentException">The INVITE has no CSeq.</exception>
    /// <remarks>Source: RFC 3261 13.2.2.4 and 22.1.</remarks>
    public SipRequest CreateAck(SipRequest invite)
    {
        ArgumentNullException.ThrowIfNull(invite);
        CSeq cseq = invite.Headers.CSeq ?? throw new ArgumentException("The INVITE has no CSeq.", nameof(invite));
        SipRequest ack = Create(SipMethod.Ack, cseq.Number);
        foreach (HeaderId id in (ReadOnlySpan<HeaderId>)[HeaderId.Authorization, HeaderId.ProxyAuthorization])
        {
            foreach (string value in invite.Headers.Values(id)) ack = ack with { Headers = ack.Headers.Add(id, value) };
        }

        return ack;
    }

    private static bool IsSips(ReadOnlySpan<byte> uri) => SipUriView.TryParse(uri, out SipUriView view) && view.Scheme == SipUriScheme.Sips;

    /// <summary>Reads the first Contact.</summary>
    /// <param name="message">The message.</param>
    /// <param name="target">Its URI; null when there is no Contact.</param>
    /// <returns>False when it is malformed or no SIP URI.</returns>
    private static bool TryGetTarget(in SipMessageView message, out byte[]? target)
    {
        target = null;
        HeaderStatus status = message.TryGetContact(out ContactView contact);
        if (status == HeaderStatus.Missing) return true;
        if (status == HeaderStatus.Malformed || contact.IsStar || !SipUri.TryParse(contact.Address.Uri, out SipUri? uri) || !uri.IsSip) return false;
        target = contact.Address.Uri.ToArray();
        return true;
    }

    private SipRequest Create(SipMethod method, uint sequenceNumber)
    {
        SipHeaders headers = SipHeaders.Empty.Add(HeaderId.MaxForwards, "70");
        ReadOnlySpan<byte> route = Route;
        if (!route.IsEmpty) headers = headers.Add(HeaderId.Route, SipText.Decode(route));
        headers = headers
            .Add(HeaderId.From, SipText.Decode(_from))
            .Add(HeaderId.To, SipText.Decode(_to))
            .Add(HeaderId.CallId, SipText.Decode(_callId))
            .Add(new CSeq(sequenceNumber, method.Text));
        // Whichever URI this is, it was parsed when it came.
        return new SipRequest(method, SipUri.Parse(Encoding.UTF8.GetString(RequestUri))) { Headers = headers };
    }
}
