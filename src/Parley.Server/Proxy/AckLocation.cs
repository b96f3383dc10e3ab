using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>The ACK of a 2xx that waits for the addresses of its next hop.</summary>
internal sealed class AckLocation : SipLocateRequest
{
    private readonly ProxyCore _proxy;
    private readonly PooledBuffer _ack;
    private readonly SipFlow _source;
    private readonly ForwardingPlan _plan;
    private readonly byte[] _target;

    /// <summary>Keeps a copy of the ACK.</summary>
    public AckLocation(ProxyCore proxy, scoped in SipMessageView ack, in SipFlow source, in ForwardingPlan plan, ReadOnlySpan<byte> target)
    {
        (_proxy, _source, _plan) = (proxy, source, plan);
        _ack = proxy.Lane.Loop.Buffers.Copy(ack.Bytes);
        _target = target.ToArray();
    }

    /// <inheritdoc/>
    public override void OnLocated(Instant now, IReadOnlyList<SipFlow> flows)
    {
        var index = new SipMessageIndex();
        if (flows.Count > 0 && SipParser.TryIndex(_ack.Span, index, out _))
        {
            _proxy.SendAck(new SipMessageView(_ack.Span, index), _source, _plan, _target, flows[0], isBehindNat: false);
        }

        _ack.Release();
    }
}
