using System.Text;

namespace Parley.Net.Dns;

/// <summary>Names on the wire: labels with their lengths, or references to labels before.</summary>
/// <remarks>As text a name is in lower case and without the last dot; the root is empty. Source: RFC 1035 3.1, 4.1.4.</remarks>
internal static class DnsName
{
    /// <summary>The longest name on the wire, its last zero included.</summary>
    public const int MaxBytes = 255;

    private const int MaxLabelBytes = 63;
    private const int ReferenceMark = 0xC0;

    /// <summary>The text in its one form.</summary>
    public static string Normalize(string name) => name.TrimEnd('.').ToLowerInvariant();

    /// <summary>Writes a name.</summary>
    /// <returns>False when it is none: an empty label, one of more than 63 bytes, more than 255 in all, not ASCII.</returns>
    public static bool TryWrite(string name, Span<byte> destination, out int written)
    {
        written = 0;
        if (name.Length > MaxBytes - 2 || !Ascii.IsValid(name)) return false;
        foreach (Range range in name.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> label = name.AsSpan(range);
            if (label.IsEmpty && name.Length == 0) break;
            if (label.IsEmpty || label.Length > MaxLabelBytes || written + label.Length + 2 > destination.Length) return false;
            destination[written++] = (byte)label.Length;
            written += Encoding.ASCII.GetBytes(label, destination[written..]);
        }

        if (written >= destination.Length) return false;
        destination[written++] = 0;
        return true;
    }

    /// <summary>Reads a name and moves behind it.</summary>
    /// <returns>False when it is malformed: it runs over the end, is too long, or refers to something that is not before it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, out string name)
    {
        name = "";
        Span<char> text = stackalloc char[MaxBytes];
        int length = 0, at = offset, end = -1, limit = offset;
        while (true)
        {
            if (at >= message.Length) return false;
            int count = message[at];
            if (count == 0)
            {
                offset = end >= 0 ? end : at + 1;
                name = new string(text[..Math.Max(0, length - 1)]);
                return true;
            }

            if ((count & ReferenceMark) == ReferenceMark)
            {
                if (at + 2 > message.Length) return false;
                int target = ((count & ~ReferenceMark) << 8) | message[at + 1];
                if (target >= limit) return false;      // only back, and further each time: no loops
                if (end < 0) end = at + 2;
                (at, limit) = (target, target);
                continue;
            }

            if (count > MaxLabelBytes || at + 1 + count > message.Length || length + count + 1 > text.Length) return false;
            foreach (byte value in message.Slice(at + 1, count))
            {
                // A dot or a byte that is no ASCII within a label is in no name that SIP knows; as text it would be another name.
                if (value is (byte)'.' or <= 0x20 or >= 0x7F) return false;
                text[length++] = char.ToLowerInvariant((char)value);
            }

            text[length++] = '.';
            at += 1 + count;
        }
    }
}
