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
using Parley.UserAgent.Publications;
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
        Capabilities = options.Codecs.ToCapabilities(options.Srtp, options.Redundancy, options.AudioLevels, options.Silence) with { RecordingPreference = options.RecordingPreference };
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

    /// <summary>Reports something to a collector by a PUBLISH that is not kept up. The observer may hear before this returns.</summary>
    /// <param name="uri">The collector's: a sip or sips URI.</param>
    /// <param name="eventType">The event type.</param>
    /// <param name="contentType">Media type of the report.</param>
    /// <param name="body">The report.</param>
    /// <param name="observer">Who hears what became of it.</param>
    /// <exception cref="ArgumentException">The URI is no SIP URI, or the event type no token.</exception>
    public void Report(SipUri uri, string eventType, string contentType, byte[] body, IMessageObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(observer);
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        new ReportRequest(this, uri, Parley.Sip.Events.EventName.Parse(eventType).ToString(), contentType, body, observer).Start();
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

        if (Options.IsRecordAware) extensions.Add(new SipExtension("record-aware"));
        if (Options.Instance is not null) extensions.AddRange([new SipExtension("outbound"), new SipExtension("gruu")]);
        extensions.Add(new SipExtension("eventlist", SipMethod.Notify, IsDeclared: false));       // whoever offered it reads it (RFC 4662 4.5)
        Declared = new SipCapabilities(methods, extensions, bodies, SubscribeHandler?.EventTypes ?? []);
        CallHeaders = [.. Declared.Allow, .. Declared.Supported, .. Declared.AllowEvents, .. ProductHeader];
    }
}
