using System.Text;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Services;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Conferences;

/// <summary>The rooms as one lane has them: their calls and subscriptions. <c>sip:conference-NAME@DOMAIN</c> is the room NAME of a domain.</summary>
/// <remarks>
/// Users of a room's domain and trusted networks may call it and watch it; others are refused before anything is looked up, in the same way for each name.
/// All members are the lane's, but for <see cref="Post"/>. Source: RFC 4579 5.1, RFC 4575 3.
/// </remarks>
internal sealed class LaneConferences : ILocalService, IIncomingCallHandler, ISubscribeHandler
{
    private readonly ServerState _server;
    private readonly SipLane _lane;
    private readonly UserAgentCore _core;
    private readonly Dictionary<string, ConferenceSource> _watched = new(StringComparer.Ordinal);
    private string _called = "";        // the room, while the core takes a request

    /// <summary>The rooms of a lane.</summary>
    /// <param name="server">What the lanes share.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="ports">The server's media ports.</param>
    public LaneConferences(ServerState server, SipLane lane, MediaPorts ports)
    {
        (_server, _lane) = (server, lane);
        _core = ServiceCore.Create(lane, ports, server.Configuration, this, isFocus: true, server.CallRecords);
        _core.SubscribeHandler = this;
        server.Conferences.Add(this);
    }

    /// <inheritdoc/>
    public int OpenCalls => _core.CallCount;

    /// <inheritdoc/>
    public IReadOnlyList<string> EventTypes { get; } = [EventPackages.Conference.Name];

    /// <summary>The loop.</summary>
    public INetworkLoop Loop => _lane.Loop;

    /// <summary>The time.</summary>
    public Instant Now => _lane.Now;

    private ConferenceOptions Limits => _server.Configuration.Conferences;

    /// <inheritdoc/>
    public bool Serves(ReadOnlySpan<byte> user) => user.StartsWith("conference-"u8) && user.Length > "conference-"u8.Length && Limits.MaxRooms > 0;

    /// <inheritdoc/>
    public bool Owns(in SipIncomingRequest request) => _core.Owns(request);

    /// <inheritdoc/>
    public void Take(ref RequestContext request)
    {
        if (!request.IsInDialog && !TryEnter(ref request)) return;
        _core.OnRequest(request.Incoming);
    }

    /// <inheritdoc/>
    public void EndCalls()
    {
        _core.HangUpAll();
        foreach (ConferenceSource source in _watched.Values) source.Leave(RefuseWhenStopping.Absence);
    }

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        var member = new RoomMember(_server.Conferences, this, _called, call);
        RoomEntry entry = _server.Conferences.Enter(member, Limits);
        if (entry != RoomEntry.Open)
        {
            call.Reject(StatusOf(entry), Encoding.ASCII.GetString(PhraseOf(entry)));
            return;
        }

        call.Observer = member;
        call.Answer(new CallAudio { Source = member.Party.Source, Sink = member.Party.Sink });
    }

    /// <inheritdoc/>
    public void OnSubscribe(in SipIncomingRequest request)
    {
        bool isConference = request.Message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView name) == HeaderStatus.Ok && EventPackages.Find(name.Value) == EventPackages.Conference;
        if (!isConference)
        {
            request.Reply(new SipReply(489) { Headers = "Allow-Events: conference\r\n"u8 });
            return;
        }

        if (!ServeEvents.Accepts(request.Message, EventPackages.Conference))
        {
            request.Reply(new SipReply(406) { Headers = "Accept: application/conference-info+xml\r\n"u8 });
            return;
        }

        if (!_watched.TryGetValue(_called, out ConferenceSource? source))
        {
            source = new ConferenceSource(_core, _server.Conferences.InfoOf(_called, Limits)) { Flow = SourceFlow.ToSubscriber };
            _watched.Add(_called, source);
        }

        source.Accept(request);
        Forget();
    }

    /// <summary>A room may be another than it was. Any thread.</summary>
    public void Post(string name) => _lane.Post(new Change(this, name));

    /// <summary>Decides whether who sent a request that begins something may, and what it is for.</summary>
    /// <returns>False when it was answered.</returns>
    private bool TryEnter(ref RequestContext request)
    {
        Span<byte> name = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!MayCall(ref request))
        {
            request.Reply(403);
            return false;
        }

        if (!AddressOfRecord.TryFormat(request.RequestUri.User, request.Domain!.NameUtf8.AsSpan(), name, out int length))
        {
            request.Reply(404);
            return false;
        }

        _called = Encoding.UTF8.GetString(name[..length]);
        if (request.Method != SipMethod.Invite) return true;
        RoomEntry entry = _server.Conferences.MayEnter(_called, Limits);
        if (entry == RoomEntry.Open) return true;
        request.Reply(new SipReply(StatusOf(entry)) { ReasonPhrase = PhraseOf(entry), Headers = [.. "Warning: 399 parley \""u8, .. PhraseOf(entry), .. "\"\r\n"u8] });
        return false;
    }

    private bool MayCall(ref RequestContext request)
    {
        if (request.Caller == CallerKind.Trusted || Limits.Strangers) return true;
        return request.Caller == CallerKind.LocalUser && CallerIdentity.TryRead(request.Message, _server, out _, out DomainOptions? domain) && ReferenceEquals(domain, request.Domain);
    }

    private void OnChanged(string name)
    {
        if (_watched.TryGetValue(name, out ConferenceSource? source) && source.Watchers > 0) source.Change(_server.Conferences.InfoOf(name, Limits));
        Forget();
    }

    /// <summary>Forgets the rooms that nobody watches any more.</summary>
    private void Forget()
    {
        foreach ((string name, ConferenceSource source) in _watched.ToArray())
        {
            if (source.Watchers == 0) _watched.Remove(name);
        }
    }

    private static int StatusOf(RoomEntry entry) => entry == RoomEntry.Full ? 486 : 480;

    private static ReadOnlySpan<byte> PhraseOf(RoomEntry entry) => entry switch
    {
        RoomEntry.Full => "The Room Is Full"u8,
        RoomEntry.Locked => "The Room Is Locked"u8,
        _ => "Too Many Rooms"u8,
    };

    private sealed class Change(LaneConferences lane, string name) : ILoopWork
    {
        public void Run(Instant now) => lane.OnChanged(name);
    }
}
