using Parley.Core;
using Parley.Ice.Stun;
using Parley.Net;

namespace Parley.Endpoint.Sip;

/// <summary>Answers the STUN keep-alives that come to a SIP port, as many as a lane has time for, and takes the answers to its own.</summary>
/// <remarks>An answer has at most 24 bytes more than its request, so it helps nobody to flood others. Source: RFC 5626 5.4 and 8.</remarks>
internal sealed class StunAnswers(SipLane lane)
{
    private const int MostPerSecond = 20_000;       // a lane's phones by the hundred thousand, each every half minute
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private Instant _secondEnds;
    private int _left;

    /// <summary>Takes a datagram that begins as STUN does.</summary>
    public void OnDatagram(Instant now, IDatagramSocket socket, ReadOnlySpan<byte> datagram, NetworkAddress remote)
    {
        if (now >= _secondEnds) (_secondEnds, _left) = (now + Second, MostPerSecond);
        Span<byte> answer = stackalloc byte[StunBinding.MaxAnswerBytes];
        bool isRead = StunMessageView.TryParse(datagram, out StunMessageView message);
        if (isRead && message.Type != StunType.BindingRequest && IsAnswer(message, remote)) return;
        int length = _left > 0 && isRead ? StunBinding.WriteAnswer(message, remote, answer) : 0;
        if (length == 0)
        {
            lane.Counters.Dropped++;
            return;
        }

        _left--;
        socket.Send(answer[..length], remote);
    }

    private bool IsAnswer(scoped in StunMessageView message, NetworkAddress remote)
    {
        foreach (SipKeepAlive keepAlive in lane.KeepAlives)
        {
            if (keepAlive.OnAnswer(message, remote)) return true;
        }

        return false;
    }
}
