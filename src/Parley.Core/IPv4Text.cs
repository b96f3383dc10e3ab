using System.Globalization;

namespace Parley.Core;

/// <summary>IPv4 addresses as text: four decimal parts of up to three digits (RFC 3261 25.1, IPv4address), without an allocation.</summary>
internal static class IPv4Text
{
    public static bool TryParse(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        int part = 0, digits = 0, dots = 0;
        foreach (byte b in text)
        {
            if (b == '.')
            {
                if (digits == 0 || ++dots > 3) return false;
                value = (value << 8) | (uint)part;
                part = digits = 0;
                continue;
            }

            if ((uint)(b - '0') > 9 || ++digits > 3) return false;
            part = (part * 10) + (b - '0');
            if (part > 255) return false;
        }

        if (dots != 3 || digits == 0) return false;
        value = (value << 8) | (uint)part;
        return true;
    }

    /// <returns>Bytes written, 0 when the destination is too short; 15 always suffice.</returns>
    public static int Format(uint value, Span<byte> destination)
    {
        int at = 0;
        for (int shift = 24; ; shift -= 8)
        {
            if (!((byte)(value >> shift)).TryFormat(destination[at..], out int written, default, CultureInfo.InvariantCulture)) return 0;
            at += written;
            if (shift == 0) return at;
            if (at == destination.Length) return 0;
            destination[at++] = (byte)'.';
        }
    }
}
