namespace Parley.Rtp;

/// <summary>What a receiver knows of a sender: whether its packets are believable, how many are missing, how evenly they come.</summary>
/// <remarks>
/// <code>
///              second packet in sequence              jump, then its successor
/// Probation ----------------------------> Valid --------------------------------> Valid, counted anew
/// </code>
/// Source: RFC 3550 A.1, A.3 and A.8.
/// </remarks>
public sealed class RtpSource
{
    private const int MaxDropout = 3000;        // a minute at 50 packets a second
    private const int MaxMisorder = 100;        // 2 seconds
    private const int MinSequential = 2;
    private const uint SequenceModulus = 1u << 16;

    private ushort _maxSequence;
    private uint _cycles;
    private uint _baseSequence;
    private uint _badSequence;
    private int _probation;
    private uint _expectedPrior;
    private uint _receivedPrior;
    private uint _transit;
    private bool _hasTransit;
    private double _jitter;

    /// <summary>A source that was just heard for the first time.</summary>
    /// <param name="ssrc">Its identifier.</param>
    /// <param name="sequenceNumber">Of its first packet, which is then also given to <see cref="OnSequence"/>.</param>
    /// <param name="trusted">True when something else than packets vouches for it, so that the first packet already counts.</param>
    public RtpSource(uint ssrc, ushort sequenceNumber, bool trusted = false)
    {
        Ssrc = ssrc;
        if (trusted)
        {
            Begin(sequenceNumber);
        }
        else
        {
            _probation = MinSequential;
            _maxSequence = (ushort)(sequenceNumber - 1);
        }
    }

    /// <summary>Its identifier.</summary>
    public uint Ssrc { get; }

    /// <summary>True when enough packets came in sequence to believe the source.</summary>
    public bool IsValid => _probation == 0;

    /// <summary>Packets since it became valid, late and duplicate ones included.</summary>
    public uint Received { get; private set; }

    /// <summary>The highest sequence number with the count of its cycles above it.</summary>
    public uint ExtendedHighestSequence => _cycles + _maxSequence;

    /// <summary>Packets that should have come, from the first to the highest number.</summary>
    public uint Expected => ExtendedHighestSequence - _baseSequence + 1;

    /// <summary>Packets that did not come.</summary>
    /// <value>-2^23 to 2^23 - 1: negative when duplicates outnumber losses.</value>
    public int CumulativeLost => (int)Math.Clamp((long)Expected - Received, -0x800000, 0x7FFFFF);

    /// <summary>Estimated interarrival jitter of this source.</summary>
    /// <value>RTP clock units, 0 or more; 0 before the second packet.</value>
    /// <remarks>Source: RFC 3550 6.4.1 and A.8.</remarks>
    public double Jitter => _jitter;

    /// <summary>Takes a packet's sequence number.</summary>
    /// <returns>False when the packet is not to be believed (yet).</returns>
    /// <remarks>Source: RFC 3550 A.1, update_seq.</remarks>
    public bool OnSequence(ushort sequenceNumber)
    {
        ushort ahead = (ushort)(sequenceNumber - _maxSequence);
        if (_probation > 0)
        {
            bool inSequence = ahead == 1;
            _probation = inSequence ? _probation - 1 : MinSequential - 1;
            _maxSequence = sequenceNumber;
            if (_probation > 0) return false;
            Begin(sequenceNumber);
        }
        else if (ahead < MaxDropout)
        {
            if (sequenceNumber < _maxSequence) _cycles += SequenceModulus;
            _maxSequence = sequenceNumber;
        }
        else if (ahead <= SequenceModulus - MaxMisorder)
        {
            // A very large jump: believed when the next packet follows on from it, which means that the sender restarted.
            if (sequenceNumber != _badSequence)
            {
                _badSequence = (uint)(sequenceNumber + 1) & (SequenceModulus - 1);
                return false;
            }

            Begin(sequenceNumber);
        }

        Received++;
        return true;
    }

    /// <summary>Takes a believed packet's time.</summary>
    /// <param name="arrival">When it came, in timestamp units.</param>
    /// <param name="timestamp">Its timestamp.</param>
    public void OnArrival(uint arrival, uint timestamp)
    {
        uint transit = arrival - timestamp;
        if (_hasTransit) _jitter += (Math.Abs((double)(int)(transit - _transit)) - _jitter) / 16;
        (_transit, _hasTransit) = (transit, true);
    }

    /// <summary>The jitter is counted from the next packet on: its timestamps have nothing to do with those before.</summary>
    public void ForgetTransit() => _hasTransit = false;

    /// <summary>The fraction of packets lost since this was last asked for: once per report.</summary>
    /// <returns>In 1/256.</returns>
    /// <remarks>Source: RFC 3550 A.3.</remarks>
    public byte TakeFractionLost()
    {
        uint expected = Expected - _expectedPrior, received = Received - _receivedPrior;
        (_expectedPrior, _receivedPrior) = (Expected, Received);
        int lost = (int)(expected - received);
        return expected == 0 || lost <= 0 ? (byte)0 : (byte)Math.Min(((long)lost << 8) / expected, 255);
    }

    private void Begin(ushort sequenceNumber)
    {
        _baseSequence = sequenceNumber;
        _maxSequence = sequenceNumber;
        _badSequence = SequenceModulus + 1;     // equals no sequence number
        (_cycles, Received, _receivedPrior, _expectedPrior) = (0, 0, 0, 0);
    }
}
