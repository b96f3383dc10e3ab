using Parley.Core;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Knows where a stream goes and from where it may come: first as signalled, then where it does come from (symmetric RTP).</summary>
/// <remarks>
/// <code>
///              a believed packet from the signalled address, or two in a row from one other
/// Signalled --------------------------------------------------------------------------------> Latched
/// </code>
/// Behind a NAT the signalled address is not the one that packets come from, and only the latter can be answered. The
/// stream latches once; afterwards other addresses are refused, so that nobody can pull a running call away. It may move
/// only when the address it is latched to has been silent for two seconds and a packet of the same SSRC, with a sequence
/// number that follows on, comes from another: a NAT that gave the stream a new port. A changed address in a new
/// negotiation begins anew. Source: RFC 4961, RFC 7362 3 to 5.
/// </remarks>
internal sealed class SymmetricRtp
{
    private const int PacketsToLatch = 2;
    private static readonly TimeSpan SilenceToMove = TimeSpan.FromSeconds(2);

    private NetworkAddress _signalledRtp;
    private NetworkAddress _signalledRtcp;
    private NetworkAddress _rtcp;
    private NetworkAddress _candidate;
    private int _candidatePackets;
    private bool _isMultiplexed;
    private Instant _heard;

    /// <summary>Where RTP goes; the default value when nothing may be sent.</summary>
    public NetworkAddress Rtp { get; private set; }

    /// <summary>Where RTCP goes; the default value when nothing may be sent.</summary>
    public NetworkAddress Rtcp => _isMultiplexed ? Rtp : _rtcp;

    /// <summary>True when the address that the stream comes from is settled.</summary>
    public bool IsLatched { get; private set; }

    /// <summary>Takes what was negotiated; the same addresses as before change nothing.</summary>
    public void Negotiate(NegotiatedAudio audio)
    {
        _isMultiplexed = audio.RtcpMux;
        if (audio.RemoteRtp != _signalledRtp)
        {
            Rtp = _signalledRtp = audio.RemoteRtp;
            (IsLatched, _candidatePackets) = (false, 0);
        }

        if (audio.RemoteRtcp != _signalledRtcp) _rtcp = _signalledRtcp = audio.RemoteRtcp;
    }

    /// <summary>True when a packet from this address may be looked at.</summary>
    /// <param name="now">The time.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="isKnownSource">It has the SSRC of the stream that is listened to.</param>
    public bool Admits(Instant now, NetworkAddress from, bool isKnownSource) =>
        !IsLatched || from == Rtp || (isKnownSource && now - _heard >= SilenceToMove);

    /// <summary>An admitted packet proved to be of the stream.</summary>
    public void OnBelieved(Instant now, NetworkAddress from)
    {
        if (from != Rtp)
        {
            if (!_signalledRtp.IsSpecified) return;     // on hold by 0.0.0.0: nothing is sent, wherever packets come from
            _candidatePackets = from == _candidate ? _candidatePackets + 1 : 1;
            _candidate = from;
            if (!IsLatched && _candidatePackets < PacketsToLatch) return;
            Rtp = from;
        }

        (IsLatched, _heard) = (true, now);
    }

    /// <summary>True when RTCP from this address may be looked at: it has to do with the stream.</summary>
    public bool AdmitsRtcp(NetworkAddress from) => from == Rtcp || from == _signalledRtcp || from.SameHost(Rtp);

    /// <summary>Admitted RTCP proved to be some.</summary>
    public void OnBelievedRtcp(NetworkAddress from)
    {
        if (from != Rtcp && from != _signalledRtcp && _signalledRtcp.IsSpecified) _rtcp = from;
    }
}
