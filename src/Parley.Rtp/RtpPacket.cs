using System.Buffers.Binary;

namespace Parley.Rtp;

/// <summary>The fixed part of an RTP packet's header.</summary>
/// <param name="PayloadType">0 to 127.</param>
/// <param name="Marker">For audio: the first packet after silence (RFC 3551 4.1).</param>
/// <param name="SequenceNumber">Grows by one per packet, modulo 2^16.</param>
/// <param name="Timestamp">When the payload's first sample was taken, in clock units, modulo 2^32.</param>
/// <param name="Ssrc">Who sends it.</param>
public readonly record struct RtpHeader(byte PayloadType, bool Marker, ushort SequenceNumber, uint Timestamp, uint Ssrc);

/// <summary>A view of an RTP packet over the datagram that brought it; not valid longer than that.</summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
/// |V=2|P|X|  CC   |M|     PT      |       sequence number         |
/// |                           timestamp                           |
/// |                              SSRC                             |
/// |                    CSRC, 0 to 15 of them                      |
/// |   extension profile (X)       |    extension length in words  |
/// |                         payload, padding (P)                  |
/// </code>
/// Source: RFC 3550 5.1 and 5.3.1.
/// </remarks>
public readonly ref struct RtpPacket
{
    /// <summary>Bytes of a header without CSRC and extension.</summary>
    public const int FixedHeaderLengthBytes = 12;

    private RtpPacket(RtpHeader header, ReadOnlySpan<byte> csrcs, ushort extensionProfile, ReadOnlySpan<byte> extension, bool hasExtension, ReadOnlySpan<byte> payload, int paddingLengthBytes)
    {
        Header = header;
        Csrcs = csrcs;
        ExtensionProfile = extensionProfile;
        Extension = extension;
        HasExtension = hasExtension;
        Payload = payload;
        PaddingLengthBytes = paddingLengthBytes;
    }

    /// <summary>The fixed part of the header.</summary>
    public RtpHeader Header { get; }

    /// <summary>What the payload is.</summary>
    public byte PayloadType => Header.PayloadType;

    /// <summary>For audio: the first packet after silence.</summary>
    public bool Marker => Header.Marker;

    /// <summary>Counts the packets.</summary>
    public ushort SequenceNumber => Header.SequenceNumber;

    /// <summary>When the payload's first sample was taken.</summary>
    public uint Timestamp => Header.Timestamp;

    /// <summary>Who sent it.</summary>
    public uint Ssrc => Header.Ssrc;

    /// <summary>The contributing sources a mixer mixed: 4 bytes each.</summary>
    public ReadOnlySpan<byte> Csrcs { get; }

    /// <summary>True when there is a header extension, even an empty one.</summary>
    public bool HasExtension { get; }

    /// <summary>The first 16 bits of the extension, which its profile defines.</summary>
    public ushort ExtensionProfile { get; }

    /// <summary>The extension behind its four-byte header: whole words.</summary>
    public ReadOnlySpan<byte> Extension { get; }

    /// <summary>The payload without padding.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Padding behind the payload, its count byte included; 0 without.</summary>
    public int PaddingLengthBytes { get; }

    /// <summary>Number of contributing sources.</summary>
    public int CsrcCount => Csrcs.Length / 4;

    /// <summary>A contributing source.</summary>
    /// <param name="index">0 to <see cref="CsrcCount"/> - 1.</param>
    public uint Csrc(int index) => BinaryPrimitives.ReadUInt32BigEndian(Csrcs[(index * 4)..]);

    /// <summary>True when a datagram looks like RTCP rather than RTP, where both share a port.</summary>
    /// <remarks>Source: RFC 5761 4: the second byte is an RTCP packet type from 192 to 223.</remarks>
    public static bool IsRtcp(ReadOnlySpan<byte> datagram) => datagram.Length >= 2 && datagram[1] is >= 192 and <= 223;

    /// <summary>Reads a datagram as RTP.</summary>
    public static RtpError TryParse(ReadOnlySpan<byte> datagram, out RtpPacket packet)
    {
        packet = default;
        if (datagram.Length < FixedHeaderLengthBytes) return RtpError.TooShort;
        if (datagram[0] >> 6 != 2) return RtpError.WrongVersion;
        if (IsRtcp(datagram)) return RtpError.IsRtcp;

        int csrcBytes = (datagram[0] & 0x0F) * 4;
        int at = FixedHeaderLengthBytes + csrcBytes;
        if (datagram.Length < at) return RtpError.CsrcsCutOff;
        ReadOnlySpan<byte> csrcs = datagram.Slice(FixedHeaderLengthBytes, csrcBytes);

        ushort profile = 0;
        ReadOnlySpan<byte> extension = default;
        bool hasExtension = (datagram[0] & 0x10) != 0;
        if (hasExtension)
        {
            if (datagram.Length < at + 4) return RtpError.ExtensionCutOff;
            profile = BinaryPrimitives.ReadUInt16BigEndian(datagram[at..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 2)..]) * 4;
            if (datagram.Length < at + 4 + length) return RtpError.ExtensionCutOff;
            extension = datagram.Slice(at + 4, length);
            at += 4 + length;
        }

        int padding = 0;
        if ((datagram[0] & 0x20) != 0)
        {
            padding = datagram[^1];
            if (padding == 0 || padding > datagram.Length - at) return RtpError.BadPadding;
        }

        RtpHeader header = new(
            (byte)(datagram[1] & 0x7F),
            (datagram[1] & 0x80) != 0,
            BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]));
        packet = new RtpPacket(header, csrcs, profile, extension, hasExtension, datagram[at..^padding], padding);
        return RtpError.None;
    }

    /// <summary>Writes a plain packet: no CSRC, extension or padding.</summary>
    /// <param name="destination">At least 12 bytes and the payload.</param>
    /// <param name="header">The header.</param>
    /// <param name="payload">May already stand in its place in the destination.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short, or the payload type above 127.</exception>
    public static int Write(Span<byte> destination, in RtpHeader header, ReadOnlySpan<byte> payload)
    {
        int length = FixedHeaderLengthBytes + payload.Length;
        if (destination.Length < length) throw new ArgumentException("The packet does not fit.", nameof(destination));
        payload.CopyTo(destination[FixedHeaderLengthBytes..]);
        WriteHeader(destination, header, 0x80);
        return length;
    }

    /// <summary>Writes a packet with all that a packet can have.</summary>
    /// <param name="destination">Long enough.</param>
    /// <param name="header">The header.</param>
    /// <param name="csrcs">0 to 15 contributing sources.</param>
    /// <param name="extensionProfile">The extension's first 16 bits; null for no extension.</param>
    /// <param name="extension">Its content: whole words of 4 bytes.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="paddingLengthBytes">0 to 255, the count byte included.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">Something is outside its range, or does not fit.</exception>
    public static int Write(
        Span<byte> destination,
        in RtpHeader header,
        ReadOnlySpan<uint> csrcs,
        ushort? extensionProfile,
        ReadOnlySpan<byte> extension,
        ReadOnlySpan<byte> payload,
        int paddingLengthBytes = 0)
    {
        if (csrcs.Length > 15) throw new ArgumentException("At most 15 contributing sources.", nameof(csrcs));
        if (extension.Length % 4 != 0 || extension.Length / 4 > ushort.MaxValue || (extensionProfile is null && extension.Length > 0))
            throw new ArgumentException("An extension has a profile and whole words.", nameof(extension));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)paddingLengthBytes, 255u, nameof(paddingLengthBytes));
        int length = FixedHeaderLengthBytes + (csrcs.Length * 4) + (extensionProfile is null ? 0 : 4 + extension.Length) + payload.Length + paddingLengthBytes;
        if (destination.Length < length) throw new ArgumentException("The packet does not fit.", nameof(destination));

        WriteHeader(destination, header, (byte)(0x80 | (paddingLengthBytes > 0 ? 0x20 : 0) | (extensionProfile is null ? 0 : 0x10) | csrcs.Length));
        int at = FixedHeaderLengthBytes;
        foreach (uint csrc in csrcs)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[at..], csrc);
            at += 4;
        }

        if (extensionProfile is { } profile)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], profile);
            BinaryPrimitives.WriteUInt16BigEndian(destination[(at + 2)..], (ushort)(extension.Length / 4));
            extension.CopyTo(destination[(at + 4)..]);
            at += 4 + extension.Length;
        }

        payload.CopyTo(destination[at..]);
        if (paddingLengthBytes > 0)
        {
            destination.Slice(length - paddingLengthBytes, paddingLengthBytes).Clear();
            destination[length - 1] = (byte)paddingLengthBytes;
        }

        return length;
    }

    private static void WriteHeader(Span<byte> destination, in RtpHeader header, byte first)
    {
        if (header.PayloadType > 127) throw new ArgumentException("A payload type is 0 to 127.", nameof(header));
        destination[0] = first;
        destination[1] = (byte)(header.PayloadType | (header.Marker ? 0x80 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], header.SequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], header.Timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], header.Ssrc);
    }
}

/// <summary>Why a datagram is no RTP packet.</summary>
public enum RtpError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Shorter than a header.</summary>
    TooShort,

    /// <summary>A version other than 2.</summary>
    WrongVersion,

    /// <summary>An RTCP packet on the same port.</summary>
    IsRtcp,

    /// <summary>It ends within the contributing sources.</summary>
    CsrcsCutOff,

    /// <summary>It ends within the extension.</summary>
    ExtensionCutOff,

    /// <summary>The count of padding is 0 or longer than what there is.</summary>
    BadPadding,
}
