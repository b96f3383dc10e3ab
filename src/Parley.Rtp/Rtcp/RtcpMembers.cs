using Parley.Core;

namespace Parley.Rtp.Rtcp;

/// <summary>The other members of a session: who was heard of, when last, and who of them sends.</summary>
/// <remarks>
/// <code>
///          a believed RTP packet, or an SDES with a CNAME            BYE
/// unknown -----------------------------------------------> member -------> left ----> unknown
///    ^                                                        |      2 s, or silence
///    +--------------------------------------------------------+
///                     silence for five intervals
/// </code>
/// Bounded: more than <see cref="Max"/> are not told apart, and count as that many. Source: RFC 3550 6.2.1 and 6.3.3 to 6.3.5.
/// </remarks>
internal sealed class RtcpMembers
{
    /// <summary>How many are kept: a two-way session has one, a conference behind a mixer some more.</summary>
    public const int Max = 256;

    private static readonly TimeSpan Stragglers = TimeSpan.FromSeconds(2);      // packets that were under way when their sender left

    private Member[] _members = new Member[2];
    private int _kept;

    /// <summary>Those that have not left.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that send.</summary>
    public int Senders { get; private set; }

    /// <summary>A member was heard.</summary>
    /// <param name="now">The time.</param>
    /// <param name="ssrc">Who.</param>
    /// <param name="isRtp">By RTP, so that it is a sender.</param>
    /// <returns>True when the number of members or senders changed.</returns>
    public bool OnHeard(Instant now, uint ssrc, bool isRtp)
    {
        int at = IndexOf(ssrc);
        if (at < 0)
        {
            if (_kept == Max) return false;
            if (_kept == _members.Length) Array.Resize(ref _members, Math.Min(Max, _kept * 2));
            _members[_kept++] = new Member { Ssrc = ssrc, Heard = now, Sent = now, IsSender = isRtp };
            Count++;
            Senders += isRtp ? 1 : 0;
            return true;
        }

        ref Member member = ref _members[at];
        bool isNew = member.HasLeft;
        if (isNew)
        {
            if (now - member.Heard < Stragglers) return false;
            member.HasLeft = false;
            Count++;
        }

        member.Heard = now;
        if (!isRtp) return isNew;
        member.Sent = now;
        if (member.IsSender) return isNew;
        member.IsSender = true;
        Senders++;
        return true;
    }

    /// <summary>A member said goodbye.</summary>
    /// <returns>True when it was one.</returns>
    public bool OnGoodbye(Instant now, uint ssrc)
    {
        int at = IndexOf(ssrc);
        if (at < 0 || _members[at].HasLeft) return false;
        Leave(ref _members[at]);
        _members[at].Heard = now;
        return true;
    }

    /// <summary>True when somebody has this identifier.</summary>
    public bool Knows(uint ssrc) => IndexOf(ssrc) >= 0;

    /// <summary>Forgets who has not been heard, and who has left.</summary>
    /// <param name="now">The time.</param>
    /// <param name="memberSilence">How long a member may be silent: five intervals.</param>
    /// <param name="senderSilence">How long a sender may send nothing: two intervals.</param>
    /// <returns>True when the number of members or senders changed.</returns>
    public bool Expire(Instant now, TimeSpan memberSilence, TimeSpan senderSilence)
    {
        (int count, int senders) = (Count, Senders);
        for (int i = _kept - 1; i >= 0; i--)
        {
            ref Member member = ref _members[i];
            TimeSpan silence = now - member.Heard;
            if (silence > memberSilence || (member.HasLeft && silence >= Stragglers))
            {
                if (!member.HasLeft) Leave(ref member);
                member = _members[--_kept];
            }
            else if (member.IsSender && now - member.Sent > senderSilence)
            {
                member.IsSender = false;
                Senders--;
            }
        }

        return count != Count || senders != Senders;
    }

    private void Leave(ref Member member)
    {
        Count--;
        Senders -= member.IsSender ? 1 : 0;
        (member.HasLeft, member.IsSender) = (true, false);
    }

    private int IndexOf(uint ssrc)
    {
        for (int i = 0; i < _kept; i++)
        {
            if (_members[i].Ssrc == ssrc) return i;
        }

        return -1;
    }

    private struct Member
    {
        public uint Ssrc;
        public Instant Heard;
        public Instant Sent;        // by RTP
        public bool IsSender;
        public bool HasLeft;
    }
}
