using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Sdp;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Infos;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent;

/// <summary>A user agent on one lane, without tasks: calls out and in, registrations and questions, told by callbacks.</summary>
/// <remarks>
/// What <see cref="SipUserAgent"/> wraps for programs, and what a server hands requests for its own services to: it is a
/// transaction user that may share its lane with others, who ask <see cref="Owns"/>. All members are the lane's.
/// Source: RFC 3261 8, 11, 12.2.
/// </remarks>
public sealed partial class UserAgentCore : ITransactionUser
{
    private readonly IIncomingCallHandler _handler;
    private readonly Dictionary<ulong, CallLeg> _calls = [];
    private readonly Dictionary<UInt128, CallLeg> _incoming = [];
    private readonly SeededHash128 _hash = SeededHash128.CreateRandom();
    private readonly OfferAnswer _capabilities;
    private readonly ITextMessageHandler? _messageHandler;
    private readonly MessageQueue _messages;
    private readonly byte[]? _proxyRoute;

    /// <summary>A user agent on a lane.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="mediaPorts">Where the ports of the calls' audio come from.</param>
    /// <param name="options">Who it is, what it can do, what it bounds.</param>
    /// <param name="handler">Decides what becomes of calls that come in.</param>
    /// <param name="messageHandler">Takes texts that come in; null refuses them (405).</param>
    /// <exception cref="ArgumentException">An option is not allowed; the message names it.</exception>
    public UserAgentCore(SipLane lane, MediaPorts mediaPorts, UserAgentCoreOptions options, IIncomingCallHandler handler, ITextMessageHandler? messageHandler = null)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentNullException.ThrowIfNull(mediaPorts);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(handler);
        options.Validate();
        (Lane, MediaPorts, Options, _handler, _messageHandler) = (lane, mediaPorts, options, handler, messageHandler);
        _messages = new MessageQueue(this);
        Events = new EventUsages(this);
        Capabilities = options.Codecs.ToCapabilities();
        _capabilities = new OfferAnswer(Capabilities, 0);
        ProductHeader = Encoding.UTF8.GetBytes($"User-Agent: {options.Product}\r\n");
        RecvInfoRow = WireText.ToBytes($"Recv-Info: {string.Join(", ", options.InfoPackages)}\r\n");
        Declare();
        ContactUser = options.Identity is { User: { } user } ? WireText.ToBytes(new SipUri(user, "host").ToString())[4..^5] : "parley"u8.ToArray();
        if (options.OutboundProxy is { } proxy)
        {
            Proxy = proxy.ToBytes();
            _proxyRoute = (proxy.IsLooseRouter ? proxy : proxy.With("lr")).ToBytes();
        }

        if (options.Password is { } password) Digest = new DigestClient(options.UserName ?? options.Identity!.User!, password);
    }

    /// <summary>The lane.</summary>
    public SipLane Lane { get; }

    /// <summary>What it was made with.</summary>
    public UserAgentCoreOptions Options { get; }

    /// <summary>Calls that have not ended.</summary>
    public int CallCount => _calls.Count;

    /// <summary>Them.</summary>
    public IEnumerable<CallLeg> Calls => _calls.Values;

    /// <summary>What is kept for calls that may have ended: the ACKs that answer a 2xx that comes again.</summary>
    public int PendingAcknowledgements { get; internal set; }

    /// <summary>What it can do.</summary>
    internal SipCapabilities Declared { get; private set; }

    internal MediaPorts MediaPorts { get; }

    internal AudioCapabilities Capabilities { get; }

    internal DigestClient? Digest { get; }

    /// <summary>The URI of the outbound proxy.</summary>
    internal byte[]? Proxy { get; }

    internal byte[] ContactUser { get; }

    /// <summary>The row that says what this program is.</summary>
    internal byte[] ProductHeader { get; }

    /// <summary>The rows that an INVITE and its 2xx have: what this side can do (RFC 3261 13.2.1, 13.3.1.4).</summary>
    internal byte[] CallHeaders { get; private set; }

    /// <summary>The row that says which Info Packages are taken, and by its being there that they are known here.</summary>
    /// <remarks>Source: RFC 6086 5.2.2.</remarks>
    internal byte[] RecvInfoRow { get; }

    internal Random Random { get; } = new(RandomNumberGenerator.GetInt32(int.MaxValue));

    /// <summary>Calls somebody. The observer may hear of the end of the call before this returns.</summary>
    /// <param name="uri">Who: a sip or sips URI.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Who hears what happens.</param>
    /// <returns>The call; null when there are as many as there may be.</returns>
    /// <exception cref="ArgumentException">The URI is no SIP URI, or an option is not allowed.</exception>
    public CallLeg? Call(SipUri uri, CallOptions options, ICallObserver observer) => Call(uri, CreateCallId(), options, observer);

    internal CallLeg? Call(SipUri uri, byte[] callId, CallOptions options, ICallObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        options.Validate();
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        return _calls.Count >= Options.MaxCalls ? null : CallLeg.Call(this, WireText.ToRequestUri(uri), callId, options, observer);
    }

    /// <summary>Makes a registration of the identity; nothing is sent before <see cref="Registration.Register"/>.</summary>
    /// <exception cref="InvalidOperationException">There is no identity.</exception>
    public Registration CreateRegistration(IRegistrationObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (Options.Identity is null) throw new InvalidOperationException("Only an identity can be registered.");
        return new Registration(this, observer);
    }

    /// <summary>Asks somebody what they can do. The observer may hear before this returns.</summary>
    /// <exception cref="ArgumentException">The URI is no SIP URI.</exception>
    public void Ask(SipUri uri, IOptionsObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(observer);
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        new OptionsRequest(this, uri, observer).Start();
    }

    /// <summary>Sends somebody a text, behind earlier ones to the same address. The observer may hear before this returns.</summary>
    /// <exception cref="ArgumentException">The URI is no SIP URI.</exception>
    /// <remarks>Source: RFC 3428.</remarks>
    public void Send(SipUri uri, string text, IMessageObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(observer);
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        _messages.Send(uri, text, observer);
    }

    /// <summary>Delivers a text that somebody else wrote. The observer may hear before this returns.</summary>
    public void Relay(RelayedText text, IMessageObserver observer)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(observer);
        new RelayedMessageRequest(this, text, observer).Start();
    }

    /// <summary>Ends all calls, as the state of each asks for.</summary>
    public void HangUpAll()
    {
        foreach (CallLeg call in _calls.Values.ToArray()) call.HangUp();
    }

    /// <summary>True when a request belongs to a call of this user agent, or cancels one.</summary>
    public bool Owns(in SipIncomingRequest request)
    {
        if (request.Message.Method == SipMethod.Cancel) return request.FindCancelled() is { } cancelled && ReferenceEquals(cancelled.User, this);
        return FindCall(request.Message) is not null || Events.Has(request.Message);
    }

    /// <inheritdoc/>
    public void OnRequest(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        switch (message.Method)
        {
            case SipMethod.Cancel:
                OnCancel(request);
                return;
            case SipMethod.Unknown:
                request.Reply(new SipReply(501) { Headers = CallHeaders });
                return;
            case SipMethod.Subscribe:       // in a dialog it refreshes what another request began
                break;
            case var method when !Declared.Takes(method):
                request.Reply(new SipReply(405) { Headers = CallHeaders });
                return;
        }

        if (message.Method != SipMethod.Ack && !Understands(request)) return;
        if (message.Method is not (SipMethod.Invite or SipMethod.Ack) && (message.Has(HeaderId.Replaces) || message.Has(HeaderId.Join)))
        {
            request.Reply(new SipReply(400) { ReasonPhrase = "Replaces or Join outside INVITE"u8 });
            return;
        }

        if (FindCall(message) is { } call) call.OnRequest(request);
        else if (message.Method == SipMethod.Ack) return;
        else if (message.Method is SipMethod.Subscribe or SipMethod.Notify) OnEventRequest(request);
        else if (message.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && !to.Tag.IsEmpty) request.Reply(new SipReply(481));
        else if (message.Method == SipMethod.Invite) OnInvite(request);
        else if (message.Method == SipMethod.Refer) OnRefer(request);
        else if (message.Method == SipMethod.Options) request.Reply(WriteOptionsReply(isInDialog: false));
        else if (message.Method == SipMethod.Message) request.CreateTransaction(this)?.Respond(TakeMessage(message));     // once, however often it comes
        else request.Reply(new SipReply(481));
    }

    /// <inheritdoc/>
    public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        (transaction.State as ClientRequest)?.OnResponse(transaction, response);
    }

    /// <inheritdoc/>
    public void OnTimeout(SipClientTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        (transaction.State as ClientRequest)?.OnTransactionFailed(transaction, RequestFailure.TimedOut);
    }

    /// <inheritdoc/>
    public void OnTransportFailed(SipClientTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        (transaction.State as ClientRequest)?.OnTransactionFailed(transaction, RequestFailure.TransportFailed);
    }

    /// <inheritdoc/>
    public void OnServerFailed(SipServerTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        (transaction.State as IncomingInvite)?.OnTransportFailed();
    }

    /// <inheritdoc/>
    public void OnStrayResponse(in SipMessageView response, in SipFlow flow)
    {
    }

    internal void Add(CallLeg call)
    {
        _calls.Add(call.Tag.Number, call);
        if (call.IsIncoming) _incoming.Add(call.MergeKey, call);
    }

    internal void Remove(CallLeg call)
    {
        _calls.Remove(call.Tag.Number);
        if (call.IsIncoming) _incoming.Remove(call.MergeKey);
    }

    /// <summary>A Call-ID of this lane.</summary>
    internal byte[] CreateCallId()
    {
        while (true)
        {
            byte[] callId = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(32, lowercase: true));
            if (ReferenceEquals(Lane.Endpoint.LaneOf(callId), Lane)) return callId;
        }
    }

    /// <summary>The address by which this device, and no other of its user, is reached from everywhere; null while it has none.</summary>
    /// <remarks>Source: RFC 5627 4.3.</remarks>
    public SipUri? Gruu { get; internal set; }

    /// <summary>True while the registration is bound to a flow: what makes a dialog wants its requests over the flow that it goes over itself.</summary>
    /// <remarks>Source: RFC 5626 4.3.</remarks>
    internal bool IsOutbound { get; set; }

    /// <summary>The GRUU as a Contact; null where it may not stand.</summary>
    /// <param name="isSecure">True when it has to be a <c>sips</c> URI.</param>
    internal byte[]? GruuContact(bool isSecure) => Gruu is { } gruu && gruu.Scheme == SipUriScheme.Sips == isSecure ? [(byte)'<', .. gruu.ToBytes(), (byte)'>'] : null;

    /// <summary>The proxies by which the registrar wants requests to go; none unless it says so.</summary>
    internal ServiceRoute ServiceRoute { get; set; } = ServiceRoute.None;

    /// <summary>The URI that is located to find where a request outside a dialog goes first.</summary>
    /// <param name="requestUri">Its Request-URI.</param>
    internal byte[] NextHop(byte[] requestUri)
    {
        byte[] first = Proxy ?? ServiceRoute.First ?? requestUri;
        return WireText.IsSips(requestUri) ? WireText.ToSips(first) : first;
    }

    /// <summary>Value of Route of a request outside a dialog; empty for none. To a <c>sips</c> URI the first one is a <c>sips</c> one too.</summary>
    /// <remarks>Source: RFC 3608 6.1: the service route behind what leads out of here; RFC 5630 5.1.1.</remarks>
    internal byte[] RouteTo(byte[] requestUri)
    {
        bool isSecure = WireText.IsSips(requestUri);
        if (_proxyRoute is null) return ServiceRoute.Write(isSecure);
        byte[] services = ServiceRoute.Write(isSecure: false);
        return [(byte)'<', .. isSecure ? WireText.ToSips(_proxyRoute) : _proxyRoute, (byte)'>', .. services.Length > 0 ? ", "u8 : default, .. services];
    }

    /// <summary><see cref="NextHop"/> of a REGISTER, which goes to the registrar itself.</summary>
    internal byte[] NextHopToRegistrar(byte[] requestUri) => Proxy is null ? requestUri : WireText.IsSips(requestUri) ? WireText.ToSips(Proxy) : Proxy;

    /// <summary><see cref="RouteTo"/> of a REGISTER.</summary>
    internal byte[] RouteToRegistrar(byte[] requestUri) =>
        _proxyRoute is null ? [] : [(byte)'<', .. WireText.IsSips(requestUri) ? WireText.ToSips(_proxyRoute) : _proxyRoute, (byte)'>'];

    /// <summary>Who this side is to others, on a flow.</summary>
    internal NameAddress IdentityOn(in SipFlow flow)
    {
        SipUri? uri = Options.Identity;
        if (uri is null)
        {
            Span<byte> host = stackalloc byte[SipLane.MaxViaBytes];
            uri = SipUri.Parse($"sip:parley@{WireText.From(host[..Lane.WriteHostAndPort(host, flow)])}");
        }

        return new NameAddress(WireText.ToName(uri)) { DisplayName = Options.DisplayName };
    }

    /// <summary>Value of From.</summary>
    internal byte[] WriteFrom(in SipFlow flow, byte[] tag) => WireText.ToBytes(IdentityOn(flow).WithTag(WireText.From(tag)).ToString());

    /// <summary>The Contact row of a response over a flow.</summary>
    /// <param name="flow">The flow.</param>
    /// <param name="requestUri">The URI that was called, whose user is the Contact's too; null for a call that this side made.</param>
    /// <param name="isSecure">True when it has to be a <c>sips</c> URI.</param>
    internal byte[] WriteContactRow(in SipFlow flow, string? requestUri, bool isSecure)
    {
        if (GruuContact(isSecure) is { } gruu) return [.. "Contact: "u8, .. gruu, .. "\r\n"u8];
        byte[] user = ContactUserOf(requestUri);
        byte[] row = new byte[SipLane.MaxViaBytes + user.Length + 64];
        var writer = new MessageWriter(row);
        writer.Write("Contact: "u8);
        writer.Advance(RequestTemplate.WriteContact(writer.Remaining, Lane, flow, user, isSecure));
        writer.Write("\r\n"u8);
        return row[..writer.Written];
    }

    /// <summary>The user of the Contact of a call.</summary>
    /// <param name="requestUri">The URI that was called, whose user it is; null for a call that this side made.</param>
    internal byte[] ContactUserOf(string? requestUri) =>
        requestUri is not null && SipUriView.TryParse(WireText.ToBytes(requestUri), out SipUriView uri) && uri.HasUser ? uri.User.ToArray() : ContactUser;

    /// <summary>The answer to an OPTIONS: as an INVITE would be answered now.</summary>
    /// <remarks>Source: RFC 3261 11.2.</remarks>
    internal SipReply WriteOptionsReply(bool isInDialog)
    {
        byte[] headers = [.. Declared.Options, .. ProductHeader];
        return new SipReply(!isInDialog && _calls.Count >= Options.MaxCalls ? 486 : 200) { Headers = headers };
    }

    /// <summary>The row for the answer to a request: only who says which packages it takes is told (RFC 6086 5.2.3).</summary>
    internal ReadOnlySpan<byte> AnswerRecvInfo(in SipMessageView request) => request.Has(HeaderId.RecvInfo) ? RecvInfoRow : default;

    /// <summary>Takes a text in.</summary>
    internal SipReply TakeMessage(in SipMessageView message) =>
        _messageHandler is null ? new SipReply(405) { Headers = CallHeaders } : IncomingMessage.Take(message, _messageHandler, Declared);

    /// <summary>Reads the offer of an INVITE.</summary>
    /// <param name="invite">The INVITE.</param>
    /// <param name="offer">The offer; null when there is none.</param>
    /// <param name="refusal">What to answer when it cannot be read.</param>
    /// <returns>False when it cannot be read.</returns>
    /// <remarks>Source: RFC 3261 8.2.3, 21.4.1, 21.4.13.</remarks>
    internal bool TryReadOffer(scoped in SipMessageView invite, out SessionDescription? offer, out SipReply refusal)
    {
        refusal = default;
        switch (SessionBody.TryRead(invite, out offer, out SdpError error))
        {
            case SessionBodyKind.Malformed:
                refusal = new SipReply(400) { ReasonPhrase = WireText.ToBytes($"Bad Request: {error}") };
                return false;
            case SessionBodyKind.Unsupported:
                refusal = new SipReply(415) { Headers = Declared.AcceptRows(invite.Method) };
                return false;
            default:
                return true;
        }
    }

    /// <summary>Declares what it can do, which depends on who was given to take it.</summary>
    [MemberNotNull(nameof(Declared), nameof(CallHeaders))]
    private void Declare()
    {
        List<SipMethod> methods =
        [
            SipMethod.Invite, SipMethod.Ack, SipMethod.Bye, SipMethod.Cancel, SipMethod.Options, SipMethod.Notify, SipMethod.Prack, SipMethod.Update, SipMethod.Info,
        ];
        List<SipExtension> extensions = [new("100rel"), new("timer"), new("replaces"), new("join", IsDeclared: false)];
        List<(SipMethod Method, string Type)> bodies =
        [
            (SipMethod.Invite, "application/sdp"), (SipMethod.Update, "application/sdp"), (SipMethod.Prack, "application/sdp"),
            (SipMethod.Info, KeyBody.RelayType), (SipMethod.Info, KeyBody.KeyType),
        ];
        if (_messageHandler is not null)
        {
            methods.Add(SipMethod.Message);
            bodies.Add((SipMethod.Message, "text/plain"));
        }

        if (SubscribeHandler is not null) methods.Add(SipMethod.Subscribe);
        if (TransferHandler is not null)
        {
            methods.Add(SipMethod.Refer);
            extensions.Add(new SipExtension("norefersub", SipMethod.Refer));
        }

        if (Options.Instance is not null) extensions.AddRange([new SipExtension("outbound"), new SipExtension("gruu")]);
        extensions.Add(new SipExtension("eventlist", SipMethod.Notify, IsDeclared: false));       // whoever offered it reads it (RFC 4662 4.5)
        Declared = new SipCapabilities(methods, extensions, bodies, SubscribeHandler?.EventTypes ?? []);
        CallHeaders = [.. Declared.Allow, .. Declared.Supported, .. Declared.AllowEvents, .. ProductHeader];
    }

    private void OnInvite(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        if (!SipRequestValidator.TryCheckHeader(message, HeaderId.Contact, isMandatory: true, out SipRefusal refusal))
        {
            request.Reply(new SipReply(refusal.Status) { ReasonPhrase = refusal.Reason });
            return;
        }

        if (!TryReadReplaces(request, out CallLeg? replaced)) return;
        if (SessionRefresh.IsTooShort(message, Options.MinSessionExpiry, out SipReply tooShort))
        {
            request.Reply(tooShort);
            return;
        }

        UInt128 mergeKey = MergeKey(message);
        if (_incoming.ContainsKey(mergeKey))
        {
            request.Reply(new SipReply(482));       // the same INVITE, by another way
            return;
        }

        if (!TryReadOffer(message, out SessionDescription? offer, out SipReply unreadable))
        {
            request.Reply(unreadable);
            return;
        }

        if (offer is not null && _capabilities.Evaluate(offer) is var failure and not NegotiationFailure.None)
        {
            request.Reply(new SipReply(488) { Headers = SessionBody.Warning(failure) });
            return;
        }

        if (_calls.Count >= Options.MaxCalls + (replaced is null ? 0 : 1))
        {
            request.Reply(new SipReply(486));
            return;
        }

        if (request.CreateTransaction(this) is not { } transaction) return;
        if (CallLeg.Receive(this, transaction, offer, mergeKey, replaced) is { } call) _handler.OnIncomingCall(call);
        else transaction.Respond(new SipReply(400) { ReasonPhrase = "Malformed Contact or Record-Route"u8 });
    }

    private static void OnCancel(in SipIncomingRequest request)
    {
        SipServerTransaction? invite = request.FindCancelled();
        if (invite?.State is not IncomingInvite incoming)
        {
            request.Reply(new SipReply(481));
            return;
        }

        request.Reply(new SipReply(200) { ToTag = incoming.ToTag });
        incoming.OnCancel();
    }

    /// <summary>Refuses a request that needs an extension which is not known here.</summary>
    /// <remarks>Source: RFC 3261 8.2.2.3.</remarks>
    private bool Understands(in SipIncomingRequest request)
    {
        byte[] unsupported = Declared.UnsupportedRow(request.Message);
        if (unsupported.Length == 0) return true;
        request.Reply(new SipReply(420) { Headers = unsupported });
        return false;
    }

    private CallLeg? FindCall(in SipMessageView message) =>
        message.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && LocalTag.TryParse(to.Tag, out LocalTag tag)
            ? _calls.GetValueOrDefault(tag.Number)
            : null;

    private UInt128 MergeKey(in SipMessageView invite)
    {
        if (invite.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || invite.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok) return default;
        return invite.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok
            ? _hash.Compute([.. callId, 0, .. from.Tag, 0, .. BitConverter.GetBytes(cseq.Number)])
            : default;
    }
}
