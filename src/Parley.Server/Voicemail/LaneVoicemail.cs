using System.Text;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Services;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Voicemail;

/// <summary>Voicemail as one lane has it: <c>sip:voicemail@DOMAIN</c>.</summary>
/// <remarks>
/// Whose call a rule has sent here leaves a message for the user whose rule it was. Who calls himself hears his own messages, and has to have proved who he is: a
/// trusted network, which may call as anyone, does not suffice. All members are the lane's, but for <see cref="OnFinished"/>.
/// </remarks>
internal sealed class LaneVoicemail : ILocalService, IIncomingCallHandler
{
    private readonly ServerState _server;
    private readonly Mailboxes _boxes;
    private readonly SipLane _lane;
    private readonly UserAgentCore _core;
    private string _user = "";          // whose mailbox it is, while the core takes an INVITE
    private bool _isDeposit;
    private int _unfinished;            // messages that are not in their mailbox yet

    /// <summary>The voicemail of a lane.</summary>
    /// <param name="server">What the lanes share.</param>
    /// <param name="boxes">The mailboxes.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="ports">The server's media ports.</param>
    public LaneVoicemail(ServerState server, Mailboxes boxes, SipLane lane, MediaPorts ports)
    {
        (_server, _boxes, _lane) = (server, boxes, lane);
        _core = ServiceCore.Create(lane, ports, server.Configuration, this, records: server.CallRecords);
        Completions = new LaneCompletions(lane);
    }

    /// <inheritdoc/>
    public int OpenCalls => Math.Max(_core.CallCount, Volatile.Read(ref _unfinished));

    /// <summary>What other threads finish for calls.</summary>
    public LaneCompletions Completions { get; }

    /// <summary>The loop.</summary>
    public INetworkLoop Loop => _lane.Loop;

    private VoicemailOptions Limits => _server.Configuration.Voicemail;

    /// <inheritdoc/>
    public bool Serves(ReadOnlySpan<byte> user) => user.SequenceEqual("voicemail"u8) && Limits.MaxPerUser > 0;

    /// <inheritdoc/>
    public bool Owns(in SipIncomingRequest request) => _core.Owns(request);

    /// <inheritdoc/>
    public void Take(ref RequestContext request)
    {
        if (Completions.IsWaiting) Completions.Run(_lane.Now);
        if (request.Method == SipMethod.Invite && !request.IsInDialog && !TryFindBox(ref request)) return;
        _core.OnRequest(request.Incoming);
    }

    /// <inheritdoc/>
    public void EndCalls() => _core.HangUpAll();

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        if (!_isDeposit)
        {
            var retrieval = new Retrieval(this, _boxes, _user, call);
            call.Observer = retrieval;
            retrieval.Begin();
            return;
        }

        VoicemailOptions limits = Limits;
        if (!_boxes.TryReserve(_user, limits, Deposit.MostBytes(limits)))
        {
            call.Reject(480, "The Mailbox Is Full");
            return;
        }

        Interlocked.Increment(ref _unfinished);
        var deposit = new Deposit(this, _boxes, _user, limits, call, _server.Logger);
        call.Observer = deposit;
        deposit.Begin();
    }

    /// <summary>A message is in its mailbox, or will never be. Any thread.</summary>
    public void OnFinished() => Interlocked.Decrement(ref _unfinished);

    /// <summary>Finds out whose mailbox an INVITE is for.</summary>
    /// <returns>False when it was answered.</returns>
    private bool TryFindBox(ref RequestContext request)
    {
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        bool mayKnow = request.Caller is CallerKind.LocalUser or CallerKind.Trusted;
        bool isFound = request.Route is { HasDiverted: true } route ? TryGetDiverted(route.Diverted, user, out int length) : TryGetCaller(ref request, user, out length);
        _isDeposit = request.Route is { HasDiverted: true };
        if (!_isDeposit && !isFound)
        {
            request.Reply(new SipReply(403) { ReasonPhrase = "Mailboxes Need Credentials"u8 });
            return false;
        }

        if (!isFound || !_server.Accounts.TryFind(user[..length], request.Server.Found, out _))
        {
            request.Reply(mayKnow ? 404 : 480);         // as for who is called himself: strangers do not learn who there is
            return false;
        }

        _user = Encoding.UTF8.GetString(user[..length]);
        return true;
    }

    private bool TryGetDiverted(scoped ReadOnlySpan<byte> uri, scoped Span<byte> user, out int length)
    {
        length = 0;
        return SipUriView.TryParse(uri, out SipUriView called) && _server.FindDomain(called) is { } domain && AddressOfRecord.TryFormat(called.User, domain.NameUtf8.AsSpan(), user, out length);
    }

    private bool TryGetCaller(scoped ref RequestContext request, scoped Span<byte> user, out int length)
    {
        length = 0;
        return request.Caller == CallerKind.LocalUser && CallerIdentity.TryRead(request.Message, _server, out SipUriView from, out DomainOptions? domain)
            && domain is not null && AddressOfRecord.TryFormat(from.User, domain.NameUtf8.AsSpan(), user, out length);
    }
}
