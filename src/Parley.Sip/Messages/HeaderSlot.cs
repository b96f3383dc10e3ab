namespace Parley.Sip.Messages;

/// <summary>Where one header row is in a message: 8 bytes.</summary>
/// <remarks>
/// <code>
/// Subject :  hello \r\n
///  world\r\n
/// ^          ^     (value ends before the last CRLF, without the white space around it)
/// RowOffset  ValueOffset
/// </code>
/// </remarks>
public readonly struct HeaderSlot
{
    internal HeaderSlot(int rowOffset, int valueOffset, int valueLength, HeaderId id)
    {
        RowOffset = (ushort)rowOffset;
        ValueOffset = (ushort)valueOffset;
        ValueLength = (ushort)valueLength;
        Id = id;
    }

    /// <summary>Where the name starts.</summary>
    public ushort RowOffset { get; }

    /// <summary>Where the value starts.</summary>
    public ushort ValueOffset { get; }

    /// <summary>Bytes of the value, folds included; 0 when it is empty.</summary>
    public ushort ValueLength { get; }

    /// <summary>The header, <see cref="HeaderId.Unknown"/> when its name is not in the table.</summary>
    public HeaderId Id { get; }
}
