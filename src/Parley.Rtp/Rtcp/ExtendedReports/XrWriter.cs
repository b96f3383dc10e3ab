using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>Writes the blocks of one XR: <see cref="RtcpWriter.BeginExtendedReport"/>.</summary>
/// <remarks>A block that does not fit is left out: the report says less then.</remarks>
public ref struct XrWriter
{
    private readonly Span<byte> _destination;

    internal XrWriter(Span<byte> destination) => _destination = destination;

    /// <summary>Bytes of blocks written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Writes what time it is.</summary>
    /// <param name="ntpTimestamp">Seconds since 1900 in the upper half, their fraction in the lower.</param>
    /// <returns>False when there is no room.</returns>
    public bool TryWriteReferenceTime(ulong ntpTimestamp)
    {
        if (!TryBegin(XrBlockType.ReceiverReferenceTime, 0, 8, out Span<byte> content)) return false;
        BinaryPrimitives.WriteUInt64BigEndian(content, ntpTimestamp);
        return true;
    }

    /// <summary>Answers reference times.</summary>
    /// <param name="delays">One or more.</param>
    /// <returns>False when there is no room.</returns>
    public bool TryWriteDelays(params ReadOnlySpan<XrDelay> delays)
    {
        if (delays.IsEmpty || !TryBegin(XrBlockType.DelaySinceReferenceTime, 0, delays.Length * XrDelay.LengthBytes, out Span<byte> content)) return false;
        for (int i = 0; i < delays.Length; i++) delays[i].Write(content[(i * XrDelay.LengthBytes)..]);
        return true;
    }

    /// <summary>Writes loss, duplicates and jitter in numbers.</summary>
    /// <param name="summary">The numbers.</param>
    /// <returns>False when there is no room.</returns>
    public bool TryWriteSummary(in XrStatisticsSummary summary)
    {
        int header = Length;
        if (!TryBegin(XrBlockType.StatisticsSummary, 0, XrStatisticsSummary.LengthBytes, out Span<byte> content)) return false;
        _destination[header + 1] = summary.Write(content);
        return true;
    }

    /// <summary>Writes how a call sounds.</summary>
    /// <param name="metrics">What is known of it.</param>
    /// <returns>False when there is no room.</returns>
    public bool TryWriteVoipMetrics(in XrVoipMetrics metrics)
    {
        if (!TryBegin(XrBlockType.VoipMetrics, 0, XrVoipMetrics.LengthBytes, out Span<byte> content)) return false;
        metrics.Write(content);
        return true;
    }

    /// <summary>Writes something of each packet of a range.</summary>
    /// <param name="type">Runs of loss or of duplicates, or times.</param>
    /// <param name="ssrc">Whose packets.</param>
    /// <param name="log">What is known of them.</param>
    /// <param name="begin">The first, extended.</param>
    /// <param name="end">Behind the last, extended.</param>
    /// <param name="maxLengthBytes">Of the whole block: it is thinned until it fits.</param>
    /// <returns>False when there is no room, or nothing to say.</returns>
    internal bool TryWriteTrace(XrBlockType type, uint ssrc, ReceptionLog log, long begin, long end, int maxLengthBytes)
    {
        int room = Math.Min(maxLengthBytes, _destination.Length - Length) - XrBlock.HeaderLengthBytes - XrTrace.HeadLengthBytes;
        if (end <= begin || room < 4) return false;
        room &= -4;
        Span<byte> items = _destination.Slice(Length + XrBlock.HeaderLengthBytes + XrTrace.HeadLengthBytes, room);
        int thinning = 0, length;
        while ((length = type == XrBlockType.ReceiptTimes ? WriteTimes(items, log, begin, end, thinning) : WriteRuns(items, type, log, begin, end, thinning)) < 0)
        {
            if (++thinning > 15) return false;
        }

        if (length == 0 || !TryBegin(type, thinning, XrTrace.HeadLengthBytes + length, out Span<byte> content)) return false;
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        BinaryPrimitives.WriteUInt16BigEndian(content[4..], (ushort)begin);
        BinaryPrimitives.WriteUInt16BigEndian(content[6..], (ushort)end);
        return true;
    }

    /// <summary>Writes chunks: a run where it says more than a vector, else a vector.</summary>
    /// <returns>Bytes, whole words; -1 when there is no room.</returns>
    private static int WriteRuns(Span<byte> items, XrBlockType type, ReceptionLog log, long begin, long end, int thinning)
    {
        int step = 1 << thinning, at = 0;
        for (long next = RoundUp(begin, step); next < end;)
        {
            if (at + 2 > items.Length) return -1;
            bool first = Value(next);
            int run = 1;
            while (run < XrTrace.LongestRun && next + (run * step) < end && Value(next + (run * step)) == first) run++;
            int chunk;
            if (run >= XrTrace.BitsPerVector)
            {
                chunk = (first ? 0x4000 : 0) | run;
            }
            else
            {
                chunk = 0x8000;
                for (run = 0; run < XrTrace.BitsPerVector && next + (run * step) < end; run++) chunk |= Value(next + (run * step)) ? 0x4000 >> run : 0;
            }

            BinaryPrimitives.WriteUInt16BigEndian(items[at..], (ushort)chunk);
            at += 2;
            next += run * step;
        }

        if (at % 4 == 0) return at;
        BinaryPrimitives.WriteUInt16BigEndian(items[at..], 0);
        return at + 2;

        bool Value(long sequence) => type == XrBlockType.LossRuns ? log.Came(sequence) : !log.CameTwice(sequence);
    }

    /// <summary>Writes receipt times.</summary>
    /// <returns>Bytes; -1 when there is no room.</returns>
    private static int WriteTimes(Span<byte> items, ReceptionLog log, long begin, long end, int thinning)
    {
        int step = 1 << thinning, at = 0;
        for (long next = RoundUp(begin, step); next < end; next += step)
        {
            if (at + 4 > items.Length) return -1;
            BinaryPrimitives.WriteUInt32BigEndian(items[at..], log.TimeOf(next));
            at += 4;
        }

        return at;
    }

    private static long RoundUp(long sequence, int step) => (sequence + step - 1) & -step;

    private bool TryBegin(XrBlockType type, int typeSpecific, int contentLength, out Span<byte> content)
    {
        content = default;
        if (_destination.Length - Length < XrBlock.HeaderLengthBytes + contentLength) return false;
        Span<byte> block = _destination[Length..];
        (block[0], block[1]) = ((byte)type, (byte)typeSpecific);
        BinaryPrimitives.WriteUInt16BigEndian(block[2..], (ushort)(contentLength / 4));
        Length += XrBlock.HeaderLengthBytes + contentLength;
        content = block.Slice(XrBlock.HeaderLengthBytes, contentLength);
        return true;
    }
}
