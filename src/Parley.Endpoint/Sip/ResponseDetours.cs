using System.Text;
using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>Responses whose request came over a connection that is over: each tries the ways back in turn, until a connection stands.</summary>
/// <remarks>
/// First to where the request came from, at the port of the Via's sent-by; when nobody takes a connection there, to the servers that the name in
/// sent-by leads to: another server of the same domain may stand in for the one that asked. What sent-by says is only followed for sources that the
/// endpoint believes (<see cref="SipEndpointOptions.FollowsSentBy"/>): anybody else could have connections made to whomever he names.
/// Source: RFC 3261 18.2.2, RFC 3263 5.
/// </remarks>
internal sealed class ResponseDetours
{
    private const int MaxDetours = 256;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(32);       // as long as the server transaction of an INVITE waits for its ACK

    private readonly SipLane _lane;
    private readonly EndTimer _timer;
    private readonly List<Detour> _detours = [];

    public ResponseDetours(SipLane lane)
    {
        _lane = lane;
        _timer = new EndTimer(this);
    }

    /// <summary>True when a response has to look for its way, and may.</summary>
    public bool Wants(in SipFlow flow) =>
        flow is { IsReliable: true, IsWebSocket: false, IsConnected: false } && _lane.Endpoint.Options.FollowsSentBy?.Invoke(flow.Remote) == true && _detours.Count < MaxDetours;

    /// <summary>Sends a response; the lease stays the caller's.</summary>
    /// <param name="response">The response.</param>
    /// <param name="flow">To where its request came from, at the port of its Via.</param>
    /// <returns>True: whether it arrives is not known.</returns>
    public bool Send(PooledBuffer response, in SipFlow flow)
    {
        response.Retain();
        var detour = new Detour(this, response, flow);
        if (_detours.Count == 0) _lane.Loop.Schedule(_timer, _lane.Now + Lifetime);
        _detours.Add(detour);
        detour.TryNext();
        return true;
    }

    /// <summary>A connection is over: what was to go over it, and never could, goes another way.</summary>
    public void OnConnectionClosed(SipConnection connection)
    {
        for (int i = _detours.Count - 1; i >= 0; i--) _detours[i].OnConnectionClosed(connection);
    }

    private void Remove(Detour detour)
    {
        _detours.Remove(detour);
        if (_detours.Count == 0) _lane.Loop.Schedule(_timer, Instant.Never);
    }

    private void EndOld(Instant now)
    {
        for (int i = _detours.Count - 1; i >= 0; i--)
        {
            if (_detours[i].Started + Lifetime <= now) _detours[i].End();
        }

        if (_detours.Count > 0) _lane.Loop.Schedule(_timer, _detours[0].Started + Lifetime);
    }

    private sealed class Detour : SipLocateRequest
    {
        private readonly ResponseDetours _all;
        private readonly PooledBuffer _response;
        private readonly Queue<SipFlow> _ways = new();
        private readonly SipTransport _transport;
        private SipConnection? _connection;
        private bool _isLocated;
        private bool _isOver;

        public Detour(ResponseDetours all, PooledBuffer response, in SipFlow flow)
        {
            (_all, _response, _transport, Started) = (all, response, flow.Transport, all._lane.Now);
            _ways.Enqueue(new SipFlow(flow.Transport, flow.Remote));
        }

        public Instant Started { get; }

        public void TryNext()
        {
            while (!_isOver)
            {
                if (_ways.TryDequeue(out SipFlow way))
                {
                    if (TrySend(way)) return;
                }
                else if (_isLocated || !TryGetSentBy(out SipDestination sentBy))
                {
                    _all._lane.Counters.SendFailures++;
                    End();
                }
                else
                {
                    _isLocated = true;
                    _all._lane.LocateServers(sentBy, this);
                    return;
                }
            }
        }

        public override void OnLocated(Instant now, IReadOnlyList<SipFlow> flows)
        {
            foreach (SipFlow flow in flows) _ways.Enqueue(flow);
            TryNext();
        }

        public void OnConnectionClosed(SipConnection connection)
        {
            if (!ReferenceEquals(connection, _connection)) return;
            Leave();
            if (connection.HasStood) End();
            else TryNext();
        }

        public void End()
        {
            if (_isOver) return;
            _isOver = true;
            Leave();
            _response.Release();
            _all.Remove(this);
        }

        private bool TrySend(in SipFlow way)
        {
            SipLane lane = _all._lane;
            if (lane.Transport.ConnectionFor(way) is not { } connection || !lane.Transport.SendOver(connection, _response, way)) return false;
            (_connection = connection).AddWaiting();
            return true;
        }

        private void Leave()
        {
            _connection?.RemoveWaiting();
            _connection = null;
        }

        private bool TryGetSentBy(out SipDestination sentBy)
        {
            sentBy = default;
            var index = new SipMessageIndex(_all._lane.Endpoint.Options.Limits);
            if (!SipParser.TryIndex(_response.Span, index, out _)) return false;
            var response = new SipMessageView(_response.Span, index);
            if (response.TryGetVia(out ViaView via) != HeaderStatus.Ok) return false;
            sentBy = new SipDestination(Encoding.ASCII.GetString(via.Host), via.Port, _transport);
            return true;
        }
    }

    private sealed class EndTimer(ResponseDetours detours) : LoopTimer
    {
        public override void OnDeadline(Instant now) => detours.EndOld(now);
    }
}
