using System.Buffers.Text;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>Writes a message into a span; once something did not fit, nothing more is written and <see cref="HasOverflowed"/> says so.</summary>
internal ref struct WireWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public bool HasOverflowed { get; private set; }

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (HasOverflowed || !bytes.TryCopyTo(_destination[Length..]))
        {
            HasOverflowed = true;
            return;
        }

        Length += bytes.Length;
    }

    public void Append(uint number)
    {
        if (HasOverflowed || !Utf8Formatter.TryFormat(number, _destination[Length..], out int written))
        {
            HasOverflowed = true;
            return;
        }

        Length += written;
    }

    /// <summary>One row; the value may be empty.</summary>
    /// <exception cref="ArgumentException">The value would end the row.</exception>
    public void AppendRow(HeaderId id, scoped ReadOnlySpan<byte> value)
    {
        ThrowIfBreaksRow(value);
        Append(HeaderTable.Get(id).LinePrefix);
        Append(value);
        Append("\r\n"u8);
    }

    public void AppendRow(HeaderId id, uint number)
    {
        Append(HeaderTable.Get(id).LinePrefix);
        Append(number);
        Append("\r\n"u8);
    }

    /// <summary>All rows of a header as they are in a message.</summary>
    public void CopyRows(scoped in SipMessageView message, HeaderId id)
    {
        SipMessageIndex index = message.Index;
        for (int row = index.FirstRow(id); row >= 0; row = index.NextRow(row))
        {
            Append(message.Buffer[index[row].RowOffset..index.RowEnd(row)]);
        }
    }

    /// <summary>A Via value with the source of its request filled in.</summary>
    /// <remarks>Source: RFC 3261 18.2.1, RFC 3581 4.</remarks>
    public void AppendStamped(scoped in ViaView via, NetworkAddress source)
    {
        ReadOnlySpan<byte> value = via.Bytes;
        Append(value[..(via.Parameters.Offset - via.Offset)]);
        foreach (ParameterView parameter in via.Parameters)
        {
            if (parameter.Is("received"u8)) continue;
            int end = (parameter.Is("rport"u8) ? parameter.NameEnd : parameter.End) - via.Offset;
            Append(value[(parameter.Offset - via.Offset)..end]);
            if (!parameter.Is("rport"u8)) continue;
            Append("="u8);
            Append(source.Port);
        }

        if (ViaStamp.NeedsReceived(via, source)) AppendReceived(source);
    }

    public void AppendReceived(NetworkAddress source)
    {
        Span<byte> host = stackalloc byte[64];
        Append(";received="u8);
        Append(ViaStamp.FormatReceived(source, host));
    }

    public static void ThrowIfBreaksRow(scoped ReadOnlySpan<byte> value)
    {
        if (Grammar.BreaksRow(value)) throw new ArgumentException("A header value has no CR or LF outside a fold.", nameof(value));
    }
}

/// <summary>What a server adds to the topmost Via of a request.</summary>
/// <remarks>Source: RFC 3261 18.2.1, RFC 3581 4.</remarks>
internal static class ViaStamp
{
    /// <summary>True when sent-by is a name or another address than the request came from, or when rport asks.</summary>
    public static bool NeedsReceived(scoped in ViaView via, NetworkAddress source) =>
        via.HasRport || !via.TryGetSentByAddress(0, out NetworkAddress sentBy) || !sentBy.SameHost(source);

    /// <summary>The address as the received parameter has it: of IPv6 without brackets (RFC 3261 25.1).</summary>
    public static ReadOnlySpan<byte> FormatReceived(NetworkAddress source, Span<byte> text)
    {
        int length = source.FormatHost(text);
        return source.IsIPv6 ? text[1..(length - 1)] : text[..length];
    }
}
