using System.Buffers.Text;

namespace Parley.Load.Messages;

/// <summary>Writes the text of a message into memory that is there.</summary>
/// <param name="destination">Where to.</param>
/// <remarks>What does not fit throws a <see cref="LoadException"/>: a server writes longer headers than any that this tool is made for.</remarks>
internal ref struct MessageWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    /// <summary>How much was written.</summary>
    /// <value>Bytes.</value>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public readonly ReadOnlySpan<byte> Written => _destination[..Length];

    /// <summary>Writes some text.</summary>
    public void Text(scoped ReadOnlySpan<byte> text)
    {
        if (!text.TryCopyTo(_destination[Length..])) throw TooLong();
        Length += text.Length;
    }

    /// <summary>Writes a number.</summary>
    public void Number(long number)
    {
        if (!Utf8Formatter.TryFormat(number, _destination[Length..], out int written)) throw TooLong();
        Length += written;
    }

    /// <summary>Writes a number as 8 hexadecimal digits, as they stand in a nonce count.</summary>
    public void Hex(uint number)
    {
        if (!Utf8Formatter.TryFormat(number, _destination[Length..], out int written, new System.Buffers.StandardFormat('x', 8))) throw TooLong();
        Length += written;
    }

    /// <summary>Writes bytes as hexadecimal digits.</summary>
    public void Hex(scoped ReadOnlySpan<byte> bytes)
    {
        if (!Convert.TryToHexStringLower(bytes, _destination[Length..], out int written)) throw TooLong();
        Length += written;
    }

    private readonly LoadException TooLong() => new($"a message is longer than the {_destination.Length} bytes that this tool has room for");
}
