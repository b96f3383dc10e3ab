using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>How a receiver fills in for packets that are lost.</summary>
public enum XrConcealment
{
    /// <summary>It does not say.</summary>
    Unspecified,

    /// <summary>By silence.</summary>
    Disabled,

    /// <summary>In a way that conceals much loss.</summary>
    Enhanced,

    /// <summary>By repeating or interpolating: single packets.</summary>
    Standard,
}

/// <summary>Whether a jitter buffer follows the network.</summary>
public enum XrJitterBufferKind
{
    /// <summary>It does not say.</summary>
    Unknown,

    /// <summary>Not used.</summary>
    Reserved,

    /// <summary>It has one length.</summary>
    Fixed,

    /// <summary>It does.</summary>
    Adaptive,
}

/// <summary>How a call sounds to who receives it.</summary>
/// <remarks>
/// <code>
/// |     BT=7      |   reserved    |       block length = 8        |
/// |                        SSRC of source                         |
/// |   loss rate   | discard rate  | burst density |  gap density  |
/// |       burst duration          |         gap duration          |
/// |     round trip delay          |       end system delay        |
/// | signal level  |  noise level  |     RERL      |     Gmin      |
/// |   R factor    | ext. R factor |    MOS-LQ     |    MOS-CQ     |
/// |   RX config   |   reserved    |          JB nominal           |
/// |          JB maximum           |          JB abs max           |
/// </code>
/// Rates and densities are in 1/256, durations and delays in milliseconds; 127 is a level, factor or score that is not known.
/// Source: RFC 3611 4.7.
/// </remarks>
public readonly record struct XrVoipMetrics()
{
    /// <summary>A level, factor or score that is not known.</summary>
    public const byte Unavailable = 127;

    internal const int LengthBytes = 32;

    /// <summary>Whose packets they are.</summary>
    public uint Ssrc { get; init; }

    /// <summary>Packets that never came, and were not made good from later ones, of those that should.</summary>
    public byte LossRate { get; init; }

    /// <summary>Packets that came too late or too early to be played, of those that should.</summary>
    public byte DiscardRate { get; init; }

    /// <summary>Packets that were lost or discarded, of those within bursts.</summary>
    public byte BurstDensity { get; init; }

    /// <summary>The same of those within gaps.</summary>
    public byte GapDensity { get; init; }

    /// <summary>How long a burst lasts.</summary>
    public ushort BurstDuration { get; init; }

    /// <summary>How long a gap lasts.</summary>
    public ushort GapDuration { get; init; }

    /// <summary>From this end's RTP to the other's and back.</summary>
    public ushort RoundTripDelay { get; init; }

    /// <summary>What this end adds: taking in, coding, waiting, playing.</summary>
    public ushort EndSystemDelay { get; init; }

    /// <summary>Of speech, in dB below 0 dBm0.</summary>
    public byte SignalLevel { get; init; } = Unavailable;

    /// <summary>Of silence, in dB below 0 dBm0.</summary>
    public byte NoiseLevel { get; init; } = Unavailable;

    /// <summary>Residual echo return loss in dB.</summary>
    public byte ResidualEchoReturnLoss { get; init; } = Unavailable;

    /// <summary>Received packets in a row that end a burst.</summary>
    public byte GapThreshold { get; init; } = BurstGapMeter.DefaultThreshold;

    /// <summary>Quality by the E-model: 0 to 100.</summary>
    public byte RFactor { get; init; } = Unavailable;

    /// <summary>The same of what lies behind the other end.</summary>
    public byte ExternalRFactor { get; init; } = Unavailable;

    /// <summary>Listening quality, times ten: 10 to 50.</summary>
    public byte ListeningQuality { get; init; } = Unavailable;

    /// <summary>Conversational quality, times ten: 10 to 50.</summary>
    public byte ConversationalQuality { get; init; } = Unavailable;

    /// <summary>How lost packets are filled in for.</summary>
    public XrConcealment Concealment { get; init; }

    /// <summary>Whether the jitter buffer follows the network.</summary>
    public XrJitterBufferKind JitterBuffer { get; init; }

    /// <summary>How fast it follows: 1 to 15; 0 when that is not known.</summary>
    public byte JitterBufferRate { get; init; }

    /// <summary>How long a packet waits that comes when it should.</summary>
    public ushort NominalDelay { get; init; }

    /// <summary>How early a packet may come to be played.</summary>
    public ushort MaxDelay { get; init; }

    /// <summary>The most that this can grow to.</summary>
    public ushort AbsoluteMaxDelay { get; init; }

    /// <summary>How many packets are missing one after the other, on average, by how dense they are in bursts and in all.</summary>
    /// <param name="packetTime">How long a packet lasts.</param>
    /// <returns>1 when they may be missing by chance, and up to 8; null when nothing is said of that.</returns>
    public double? MeanRun(TimeSpan packetTime) => LossModel.MeanRun(this, packetTime);

    internal static XrVoipMetrics Read(ReadOnlySpan<byte> content)
    {
        static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
        return new XrVoipMetrics
        {
            Ssrc = BinaryPrimitives.ReadUInt32BigEndian(content),
            LossRate = content[4],
            DiscardRate = content[5],
            BurstDensity = content[6],
            GapDensity = content[7],
            BurstDuration = Half(content, 8),
            GapDuration = Half(content, 10),
            RoundTripDelay = Half(content, 12),
            EndSystemDelay = Half(content, 14),
            SignalLevel = content[16],
            NoiseLevel = content[17],
            ResidualEchoReturnLoss = content[18],
            GapThreshold = content[19],
            RFactor = InRange(content[20], 0, 100),
            ExternalRFactor = InRange(content[21], 0, 100),
            ListeningQuality = InRange(content[22], 10, 50),
            ConversationalQuality = InRange(content[23], 10, 50),
            Concealment = (XrConcealment)(content[24] >> 6),
            JitterBuffer = (XrJitterBufferKind)(content[24] >> 4 & 3),
            JitterBufferRate = (byte)(content[24] & 0x0F),
            NominalDelay = Half(content, 26),
            MaxDelay = Half(content, 28),
            AbsoluteMaxDelay = Half(content, 30),
        };

        // Other values are to be ignored (RFC 3611 4.7.5).
        static byte InRange(byte value, byte least, byte most) => value >= least && value <= most ? value : Unavailable;
    }

    internal void Write(Span<byte> content)
    {
        BinaryPrimitives.WriteUInt32BigEndian(content, Ssrc);
        (content[4], content[5], content[6], content[7]) = (LossRate, DiscardRate, BurstDensity, GapDensity);
        BinaryPrimitives.WriteUInt16BigEndian(content[8..], BurstDuration);
        BinaryPrimitives.WriteUInt16BigEndian(content[10..], GapDuration);
        BinaryPrimitives.WriteUInt16BigEndian(content[12..], RoundTripDelay);
        BinaryPrimitives.WriteUInt16BigEndian(content[14..], EndSystemDelay);
        (content[16], content[17], content[18], content[19]) = (SignalLevel, NoiseLevel, ResidualEchoReturnLoss, GapThreshold);
        (content[20], content[21], content[22], content[23]) = (RFactor, ExternalRFactor, ListeningQuality, ConversationalQuality);
        content[24] = (byte)((int)Concealment << 6 | (int)JitterBuffer << 4 | (JitterBufferRate & 0x0F));
        content[25] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(content[26..], NominalDelay);
        BinaryPrimitives.WriteUInt16BigEndian(content[28..], MaxDelay);
        BinaryPrimitives.WriteUInt16BigEndian(content[30..], AbsoluteMaxDelay);
    }
}
