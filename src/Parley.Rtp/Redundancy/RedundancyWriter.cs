using System.Buffers.Binary;

namespace Parley.Rtp.Redundancy;

/// <summary>Remembers the last payloads of a stream, and puts some of them before a new one.</summary>
/// <remarks>Allocates nothing after it was made. Not thread-safe. Source: RFC 2198 3.</remarks>
public sealed class RedundancyWriter
{
    /// <summary>Earlier payloads that a packet can have at most.</summary>
    public const int MaxDepth = 3;

    /// <summary>What a payload may become by redundancy.</summary>
    /// <value>640 bytes: three packets of G.711 in one, which is 200 kbit/s; of a low bit rate there is room for all that can be had.</value>
    public const int MaxLengthBytes = 640;

    private readonly Kept[] _kept = new Kept[RedundancyPlan.MaxDistance];
    private int _next;

    /// <summary>Nothing is remembered.</summary>
    public RedundancyWriter()
    {
        for (int i = 0; i < _kept.Length; i++) _kept[i] = new Kept();
    }

    /// <summary>Puts earlier payloads before one, and remembers that one.</summary>
    /// <param name="buffer">The payload stands at its beginning, and the redundant payload will; where there is less room than <see cref="MaxLengthBytes"/>, there is less redundancy.</param>
    /// <param name="lengthBytes">Of the payload.</param>
    /// <param name="payloadType">Of the payload: 0 to 127.</param>
    /// <param name="timestamp">Of the payload.</param>
    /// <param name="durationUnits">How long the payload plays; what is older than as many packets as lie between is from before a silence, and not repeated.</param>
    /// <param name="plan">Which payloads are wanted before it.</param>
    /// <returns>The length of the redundant payload; 0 when there is no redundancy, and the payload is as it was.</returns>
    public int Write(Span<byte> buffer, int lengthBytes, byte payloadType, uint timestamp, uint durationUnits, RedundancyPlan plan)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)plan.Depth, (uint)MaxDepth, nameof(plan));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(plan.Depth * plan.Spacing), (uint)RedundancyPlan.MaxDistance, nameof(plan));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadType, (byte)127);
        int most = Math.Min(buffer.Length, MaxLengthBytes);
        (int blocks, int blockBytes) = (0, 0);
        while (blocks < plan.Depth)
        {
            Kept kept = At(((blocks + 1) * plan.Spacing) - 1);
            uint age = timestamp - kept.Timestamp;
            int whole = ((blocks + 1) * RedundantPayload.RedundantHeaderLengthBytes) + RedundantPayload.PrimaryHeaderLengthBytes + blockBytes + kept.Length + lengthBytes;
            if (kept.Length == 0 || age == 0 || age > Math.Min(durationUnits * (uint)((blocks + 1) * plan.Spacing), RedundantPayload.MaxTimestampOffset) || whole > most) break;
            blockBytes += kept.Length;
            blocks++;
        }

        int headers = (blocks * RedundantPayload.RedundantHeaderLengthBytes) + RedundantPayload.PrimaryHeaderLengthBytes;
        int length = headers + blockBytes + lengthBytes;
        if (blocks > 0)
        {
            buffer[..lengthBytes].CopyTo(buffer[(length - lengthBytes)..]);
            int block = headers;
            for (int i = 0; i < blocks; i++)
            {
                Kept kept = At(((blocks - i) * plan.Spacing) - 1);     // the oldest first
                uint header = 1u << 31 | (uint)kept.PayloadType << 24 | (timestamp - kept.Timestamp) << 10 | (uint)kept.Length;
                BinaryPrimitives.WriteUInt32BigEndian(buffer[(i * RedundantPayload.RedundantHeaderLengthBytes)..], header);
                kept.Payload.AsSpan(0, kept.Length).CopyTo(buffer[block..]);
                block += kept.Length;
            }

            buffer[headers - 1] = payloadType;
        }

        Remember(buffer.Slice(blocks > 0 ? length - lengthBytes : 0, lengthBytes), payloadType, timestamp);
        return blocks > 0 ? length : 0;
    }

    /// <summary>Forgets what was sent: the next timestamps have nothing to do with it.</summary>
    public void Clear()
    {
        foreach (Kept kept in _kept) kept.Length = 0;
    }

    private Kept At(int before) => _kept[(_next + _kept.Length - 1 - before) % _kept.Length];

    private void Remember(ReadOnlySpan<byte> payload, byte payloadType, uint timestamp)
    {
        Kept kept = _kept[_next];
        _next = (_next + 1) % _kept.Length;
        (kept.PayloadType, kept.Timestamp, kept.Length) = (payloadType, timestamp, payload.Length <= RedundantPayload.MaxBlockLengthBytes ? payload.Length : 0);
        payload[..kept.Length].CopyTo(kept.Payload);
    }

    private sealed class Kept
    {
        public byte[] Payload { get; } = new byte[RedundantPayload.MaxBlockLengthBytes];

        public byte PayloadType { get; set; }

        public uint Timestamp { get; set; }

        public int Length { get; set; }     // 0: nothing
    }
}
