using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>The ACK of one 2xx: sent when it is located, and again each time the 2xx comes again.</summary>
/// <remarks>It is no transaction's: RFC 3261 13.2.2.4.</remarks>
internal sealed class Acknowledgement : SipLocateRequest
{
    private readonly SipLane _lane;
    private readonly RequestTemplate _template;
    private PooledBuffer? _message;
    private SipFlow _flow;
    private bool _isReleased;

    public Acknowledgement(SipLane lane, byte[] remoteTag, RequestTemplate template, ReadOnlySpan<byte> nextHop)
    {
        (_lane, RemoteTag, _template) = (lane, remoteTag, template);
        if (!SipUriView.TryParse(nextHop, out SipUriView uri)) return;
        if (SipLane.TryLocate(uri, out SipFlow flow)) OnLocated(lane.Now, [flow]);
        else lane.Locate(uri, this);
    }

    /// <summary>The tag of who it acknowledges.</summary>
    public byte[] RemoteTag { get; }

    /// <inheritdoc/>
    public override void OnLocated(Instant now, IReadOnlyList<SipFlow> flows)
    {
        if (_isReleased || flows.Count == 0) return;
        _flow = flows[0];
        Span<byte> branch = stackalloc byte[SipLane.MaxBranchBytes];
        _message = _template.Write(_lane, ref _flow, branch[.._lane.WriteBranch(branch)]);
        Send();
    }

    /// <summary>Sends it once more.</summary>
    public void Send()
    {
        if (_message is not null) _lane.Send(_message.Retain(), _flow);
    }

    /// <summary>No 2xx can come again.</summary>
    public void Release()
    {
        _isReleased = true;
        _message?.Release();
        _message = null;
    }
}
