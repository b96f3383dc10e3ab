namespace Parley.Rtp.HeaderExtensions;

/// <summary>Goes through the elements of a packet's header extension, in the one-byte or the two-byte form.</summary>
/// <remarks>
/// <code>
/// one-byte (0xBEDE):   | id (4) | length - 1 (4) | data ... |
/// two-byte (0x100x):   |     id (8)     |   length (8)      | data ... |
/// </code>
/// Zeros between elements are padding. It ends at the first element that is cut off, has the reserved id 15 in the one-byte form, or id 0 with a length.
/// Which ids mean what is agreed on elsewhere. Source: RFC 8285 4.
/// </remarks>
public ref struct RtpHeaderExtensions
{
    internal const ushort OneByteProfile = 0xBEDE;
    internal const ushort TwoByteProfile = 0x1000;
    private const ushort TwoByteMask = 0xFFF0;
    private const byte Reserved = 15;

    private readonly bool _isOneByte;
    private ReadOnlySpan<byte> _rest;

    /// <summary>The elements of a packet; none when its extension has another form.</summary>
    public RtpHeaderExtensions(in RtpPacket packet)
    {
        _isOneByte = packet.ExtensionProfile == OneByteProfile;
        if (packet.HasExtension && (_isOneByte || (packet.ExtensionProfile & TwoByteMask) == TwoByteProfile)) _rest = packet.Extension;
    }

    /// <summary>Gives the next element.</summary>
    /// <param name="id">1 to 14, or to 255 in the two-byte form.</param>
    /// <param name="data">1 to 16 bytes, or 0 to 255 in the two-byte form.</param>
    /// <returns>False behind the last.</returns>
    public bool TryRead(out byte id, out ReadOnlySpan<byte> data)
    {
        id = 0;
        data = default;
        // In the two-byte form a zero is padding too: it has no length behind it.
        while (_rest is [0, ..]) _rest = _rest[1..];
        if (_rest.IsEmpty) return false;
        int header, length;
        if (_isOneByte)
        {
            (id, length, header) = ((byte)(_rest[0] >> 4), (_rest[0] & 0x0F) + 1, 1);
            if (id is 0 or Reserved) length = int.MaxValue - header;
        }
        else
        {
            (id, length, header) = (_rest[0], _rest.Length > 1 ? _rest[1] : int.MaxValue - 2, 2);
        }

        if (header + length > _rest.Length)
        {
            _rest = default;
            return false;
        }

        data = _rest.Slice(header, length);
        _rest = _rest[(header + length)..];
        return true;
    }

    /// <summary>Looks an element up.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="wanted">Its id.</param>
    /// <param name="data">What it says.</param>
    /// <returns>False when it is not there.</returns>
    public static bool TryFind(in RtpPacket packet, byte wanted, out ReadOnlySpan<byte> data)
    {
        RtpHeaderExtensions elements = new(packet);
        while (elements.TryRead(out byte id, out data))
        {
            if (id == wanted) return true;
        }

        return false;
    }
}

/// <summary>Writes the elements of a header extension, in the one-byte form where all ids and lengths allow it.</summary>
/// <remarks>Source: RFC 8285 4.</remarks>
public ref struct RtpHeaderExtensionWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _isOneByte;

    /// <summary>An extension without elements.</summary>
    /// <param name="destination">Where its content goes: behind the four bytes with profile and length.</param>
    /// <param name="isOneByte">The form, of the whole packet.</param>
    public RtpHeaderExtensionWriter(Span<byte> destination, bool isOneByte = true)
    {
        _destination = destination;
        _isOneByte = isOneByte;
    }

    /// <summary>The profile that says which form it is.</summary>
    public readonly ushort Profile => _isOneByte ? RtpHeaderExtensions.OneByteProfile : RtpHeaderExtensions.TwoByteProfile;

    /// <summary>Bytes written so far; <see cref="Pad"/> makes whole words of them.</summary>
    public int Length { get; private set; }

    /// <summary>Writes an element.</summary>
    /// <param name="id">1 to 14 and 1 to 16 bytes, or in the two-byte form 1 to 255 and 0 to 255 bytes.</param>
    /// <param name="data">What it says.</param>
    /// <exception cref="ArgumentException">It is outside these, or does not fit.</exception>
    public void Write(byte id, ReadOnlySpan<byte> data)
    {
        if (id == 0 || (_isOneByte ? id > 14 || data.Length is 0 or > 16 : data.Length > 255)) throw new ArgumentException("An element of this form has other ids and lengths.", nameof(id));
        int header = _isOneByte ? 1 : 2;
        if (_destination.Length - Length < header + data.Length) throw new ArgumentException("The element does not fit.", nameof(data));
        Span<byte> element = _destination[Length..];
        if (_isOneByte) element[0] = (byte)(id << 4 | (data.Length - 1));
        else (element[0], element[1]) = (id, (byte)data.Length);
        data.CopyTo(element[header..]);
        Length += header + data.Length;
    }

    /// <summary>Fills up to a whole word.</summary>
    /// <returns>The content's length.</returns>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public int Pad()
    {
        int whole = (Length + 3) & -4;
        if (whole > _destination.Length) throw new ArgumentException("The extension does not fit.");
        _destination[Length..whole].Clear();
        return Length = whole;
    }
}
