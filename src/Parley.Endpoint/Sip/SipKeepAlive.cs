using System.Security.Cryptography;
using Parley.Core;
using Parley.Ice.Stun;
using Parley.Net;

namespace Parley.Endpoint.Sip;

/// <summary>Keeps a flow to a server open, and notices when it has failed.</summary>
/// <remarks>
/// <code>
///          due: ask                  no answer, other address, connection over
/// Resting -----------&gt; Asking --------------------------------------------------&gt; Failed
///    ^                    |
///    +---- an answer -----+
/// </code>
/// Over a stream it asks with two line ends and has 10 s for whatever comes back; over UDP with a STUN Binding request, which is sent
/// again as RFC 8489 6.2.1 has it. Its lane's. Source: RFC 5626 4.4, 8.
/// </remarks>
public sealed class SipKeepAlive : LoopTimer
{
    private const int MostSent = 7;                     // RFC 8489 6.2.1: Rc
    private const int LastWait = 16;                    // Rm, in units of the first wait
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PongTime = TimeSpan.FromSeconds(10);           // RFC 5626 4.4.1
    private static readonly TimeSpan MostOverStreams = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan MostOverDatagrams = TimeSpan.FromSeconds(29);  // RFC 5626 4.4.2

    private readonly SipLane _lane;
    private readonly SipFlow _flow;
    private readonly IKeepAliveObserver _observer;
    private readonly SipConnection? _connection;
    private readonly Random _random;
    private readonly byte[] _transactionId = new byte[StunBinding.TransactionIdBytes];
    private TimeSpan _most;
    private NetworkAddress _mapped;
    private int _sent;                  // 0 while resting
    private long _receivedBefore;
    private bool _isOver;

    private SipKeepAlive(SipLane lane, in SipFlow flow, IKeepAliveObserver observer, Random random)
    {
        (_lane, _flow, _observer, _random) = (lane, flow, observer, random);
        _connection = flow.IsReliable ? flow.Connection ?? lane.Endpoint.Connections.Find(flow) : null;
    }

    /// <summary>Starts to keep a flow open that a request went over.</summary>
    /// <param name="lane">The lane that sent it.</param>
    /// <param name="flow">The flow.</param>
    /// <param name="most">The longest time between two questions, as the server wants it; 0 for what RFC 5626 4.4 recommends. The actual times are 80 to 100 % of it.</param>
    /// <param name="random">Draws them.</param>
    /// <param name="observer">Who hears of it.</param>
    public static SipKeepAlive Start(SipLane lane, in SipFlow flow, TimeSpan most, Random random, IKeepAliveObserver observer)
    {
        ArgumentNullException.ThrowIfNull(lane);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(observer);
        var keepAlive = new SipKeepAlive(lane, flow, observer, random);
        keepAlive.SetInterval(most);
        lane.KeepAlives.Add(keepAlive);
        if (keepAlive._connection is { } connection && ReferenceEquals(connection.Lane, lane)) connection.KeepAlive = keepAlive;
        keepAlive.Rest();
        return keepAlive;
    }

    /// <summary>Changes how often the flow is used, from the next time on.</summary>
    /// <param name="most">The longest time between two questions; 0 for what RFC 5626 4.4 recommends.</param>
    public void SetInterval(TimeSpan most) => _most = most > TimeSpan.Zero ? most : _flow.IsReliable ? MostOverStreams : MostOverDatagrams;

    /// <summary>True for the flow that it keeps open, while that stands.</summary>
    public bool IsFor(in SipFlow flow) => !_isOver && flow.Transport == _flow.Transport && flow.Remote == _flow.Remote && _connection is null or { IsOpen: true };

    /// <summary>Ends it; nothing more is told.</summary>
    public void Stop()
    {
        if (_isOver) return;
        _isOver = true;
        _lane.KeepAlives.Remove(this);
        if (_connection is not null && ReferenceEquals(_connection.KeepAlive, this)) _connection.KeepAlive = null;
        _lane.Loop.Schedule(this, Instant.Never);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (_isOver) return;
        if (_flow.IsReliable) OnStreamDeadline(now);
        else if (_sent == MostSent) Fail();
        else Ask(now);
    }

    /// <summary>The connection, of the same lane, is over. May be called while the lane is at something else: the observer hears a moment later.</summary>
    internal void OnClosed()
    {
        if (!_isOver) _lane.Loop.Schedule(this, _lane.Now);
    }

    /// <summary>A STUN response came.</summary>
    /// <returns>False when it is for somebody else.</returns>
    internal bool OnAnswer(scoped in StunMessageView message, NetworkAddress remote)
    {
        if (_sent == 0 || remote != _flow.Remote || !message.TransactionId.SequenceEqual(_transactionId)) return false;
        if (message.Type == StunType.BindingSuccess && StunBinding.TryReadAddress(message, out NetworkAddress mapped) && (!_mapped.IsSpecified || mapped == _mapped))
        {
            _mapped = mapped;
            OnAlive();
        }
        else
        {
            Fail();     // another address, or one who does not do this (RFC 5626 8)
        }

        return true;
    }

    /// <summary>Datagrams to an address come back undeliverable.</summary>
    internal void OnUnreachable(NetworkAddress remote)
    {
        if (_sent > 0 && !_flow.IsReliable && remote == _flow.Remote) Fail();
    }

    private void OnStreamDeadline(Instant now)
    {
        if (_connection is not { IsOpen: true } || (_sent > 0 && _connection.Received == _receivedBefore))
        {
            _connection?.Close();
            Fail();
        }
        else if (_sent > 0)
        {
            OnAlive();
        }
        else
        {
            PooledBuffer ping = _lane.Loop.Buffers.Copy("\r\n\r\n"u8);
            _receivedBefore = _connection.Received;
            _connection.Send(ping);
            ping.Release();
            _sent = 1;
            _lane.Loop.Schedule(this, now + PongTime);
        }
    }

    private void Ask(Instant now)
    {
        if (_sent == 0) RandomNumberGenerator.Fill(_transactionId);
        Span<byte> request = stackalloc byte[StunMessageView.HeaderBytes];
        _lane.Transport.SendDatagram(request[..StunBinding.WriteRequest(request, _transactionId)], _flow);
        TimeSpan wait = _sent + 1 == MostSent ? FirstWait * LastWait : FirstWait * (1 << _sent);
        _sent++;
        _lane.Loop.Schedule(this, now + wait);
    }

    private void OnAlive()
    {
        Rest();
        _observer.OnAlive();
    }

    private void Rest()
    {
        _sent = 0;
        _lane.Loop.Schedule(this, _lane.Now + (_most * (0.8 + (_random.NextDouble() / 5))));
    }

    private void Fail()
    {
        Stop();
        _observer.OnFlowFailed();
    }
}

/// <summary>Hears how a flow is, on its lane.</summary>
public interface IKeepAliveObserver
{
    /// <summary>The other side has answered.</summary>
    void OnAlive();

    /// <summary>The flow leads nowhere any more; it is not looked after from here on.</summary>
    void OnFlowFailed();
}
