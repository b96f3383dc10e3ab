using Parley.Core;

namespace Parley.Sip.Dialogs;

/// <summary>What became of a PRACK.</summary>
public enum PrackResult
{
    /// <summary>It acknowledges the response that waits: 2xx.</summary>
    Acknowledged,

    /// <summary>It matches nothing that waits: 481.</summary>
    Unknown,
}

/// <summary>What is due for a reliable provisional response.</summary>
public enum ReliableProvisionalAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is to be sent once more.</summary>
    Retransmit,

    /// <summary>64*T1 are over: the INVITE is to be refused with a 5xx.</summary>
    GiveUp,
}

/// <summary>The provisional responses to one INVITE that its server sends until they are acknowledged, one at a time.</summary>
/// <remarks>
/// <code>
///         Send                PRACK
/// Idle ----------&gt; Waiting ----------&gt; Idle
///                  |  ^  | 64*T1
///                  +--+  +-----------&gt; Idle: GiveUp
///            T1, 2*T1, 4*T1 ..: Retransmit
/// </code>
/// Not thread-safe: one lane owns it. Source: RFC 3262 3.
/// </remarks>
public sealed class ReliableProvisional
{
    private readonly TimeSpan _t1;
    private readonly uint _invite;
    private uint _number;
    private TimeSpan _interval;
    private Instant _nextAt = Instant.Never;
    private Instant _giveUpAt = Instant.Never;

    /// <summary>None was sent yet.</summary>
    /// <param name="inviteSequence">The number of the INVITE's CSeq.</param>
    /// <param name="firstNumber">The first RSeq: 1 to 2^31 - 1, chosen at random.</param>
    /// <param name="t1">T1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is none of these.</exception>
    public ReliableProvisional(uint inviteSequence, uint firstNumber, TimeSpan t1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(firstNumber);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstNumber, (uint)int.MaxValue);
        (_invite, _number, _t1) = (inviteSequence, firstNumber - 1, t1);
    }

    /// <summary>True while the last one is not acknowledged; no other may be sent then.</summary>
    public bool IsWaiting => _giveUpAt != Instant.Never;

    /// <summary>When <see cref="OnDeadline"/> has something to do; never when none waits.</summary>
    public Instant NextDeadline => Instant.Min(_nextAt, _giveUpAt);

    /// <summary>The next one is sent now.</summary>
    /// <returns>Its RSeq.</returns>
    /// <exception cref="InvalidOperationException">The last one is not acknowledged.</exception>
    public uint Send(Instant now)
    {
        if (IsWaiting) throw new InvalidOperationException("The last reliable response is not acknowledged.");
        _interval = _t1;
        (_nextAt, _giveUpAt) = (now + _interval, now + (64 * _t1));
        return ++_number;
    }

    /// <summary>A PRACK came.</summary>
    /// <param name="responseNumber">The RSeq in its RAck.</param>
    /// <param name="sequence">The CSeq number in its RAck.</param>
    /// <param name="method">The method in its RAck.</param>
    public PrackResult OnPrack(uint responseNumber, uint sequence, Messages.SipMethod method)
    {
        if (!IsWaiting || responseNumber != _number || sequence != _invite || method != Messages.SipMethod.Invite) return PrackResult.Unknown;
        StopSending();
        _giveUpAt = Instant.Never;
        return PrackResult.Acknowledged;
    }

    /// <summary>Says what is due. Calling it early or twice does nothing.</summary>
    public ReliableProvisionalAction OnDeadline(Instant now)
    {
        if (now >= _giveUpAt)
        {
            StopSending();
            _giveUpAt = Instant.Never;
            return ReliableProvisionalAction.GiveUp;
        }

        if (now < _nextAt) return ReliableProvisionalAction.None;
        _interval *= 2;
        _nextAt = now + _interval;
        return ReliableProvisionalAction.Retransmit;
    }

    private void StopSending() => _nextAt = Instant.Never;
}
