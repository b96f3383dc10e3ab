using System.Globalization;

namespace Parley.Core;

/// <summary>IPv6 addresses as text, without an allocation.</summary>
/// <remarks>
/// <code>
/// IPv6address = 8( group ":" ) | groups with one "::" for one or more groups of zeros; the last two groups may be an IPv4 address
/// group       = 1*4HEXDIG                                            zone = "%" 1*10DIGIT
/// </code>
/// Read as RFC 4291 2.2 has it, with a numeric zone as RFC 4007 11; written as RFC 5952 4 asks for.
/// </remarks>
internal static class IPv6Text
{
    private const int Groups = 8;

    public static bool TryParse(ReadOnlySpan<byte> text, out ulong high, out ulong low, out uint zone)
    {
        high = low = zone = 0;
        int percent = text.IndexOf((byte)'%');
        if (percent >= 0)
        {
            if (!uint.TryParse(text[(percent + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out zone)) return false;
            text = text[..percent];
        }

        Span<ushort> groups = stackalloc ushort[Groups];
        int count = 0, gap = -1, at = 0;
        if (text.StartsWith("::"u8)) (gap, at) = (0, 2);
        while (at < text.Length)
        {
            if (count == Groups) return false;
            ReadOnlySpan<byte> rest = text[at..];
            int length = rest.IndexOf((byte)':');
            if (length < 0) length = rest.Length;
            if (length == rest.Length && rest.Contains((byte)'.'))
            {
                if (count > Groups - 2 || !IPv4Text.TryParse(rest, out uint last)) return false;
                (groups[count], groups[count + 1]) = ((ushort)(last >> 16), (ushort)last);
                count += 2;
                break;
            }

            if (length is 0 or > 4 || !ushort.TryParse(rest[..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out groups[count])) return false;
            count++;
            at += length;
            if (at == text.Length) break;
            at++;       // the colon
            if (at == text.Length) return false;
            if (text[at] != ':') continue;
            if (gap >= 0) return false;
            gap = count;
            at++;
        }

        if (gap < 0 ? count != Groups : count == Groups) return false;
        if (gap >= 0)
        {
            Span<ushort> tail = groups[gap..count];
            tail.CopyTo(groups[(Groups - tail.Length)..]);
            groups[gap..(Groups - tail.Length)].Clear();
        }

        for (int i = 0; i < Groups / 2; i++) (high, low) = ((high << 16) | groups[i], (low << 16) | groups[i + (Groups / 2)]);
        return true;
    }

    /// <returns>Bytes written, 0 when the destination is too short; 39 always suffice.</returns>
    public static int Format(ulong high, ulong low, Span<byte> destination)
    {
        Span<ushort> groups = stackalloc ushort[Groups];
        for (int i = 0; i < Groups; i++) groups[i] = (ushort)((i < 4 ? high : low) >> (48 - (i % 4 * 16)));
        (int zeros, int zerosEnd) = LongestZeros(groups);
        int at = 0;
        for (int i = 0; i < Groups; i++)
        {
            if (i == zeros)
            {
                if (!"::"u8.TryCopyTo(destination[at..])) return 0;
                at += 2;
                i = zerosEnd - 1;
                continue;
            }

            if (i > 0 && i != zerosEnd)
            {
                if (at == destination.Length) return 0;
                destination[at++] = (byte)':';
            }

            if (!groups[i].TryFormat(destination[at..], out int written, "x", CultureInfo.InvariantCulture)) return 0;
            at += written;
        }

        return at;
    }

    /// <summary>The first of the longest runs of two or more zero groups (RFC 5952 4.2.2 and 4.2.3); (-1, -1) for none.</summary>
    private static (int Start, int End) LongestZeros(ReadOnlySpan<ushort> groups)
    {
        (int start, int end) = (-1, -1);
        for (int i = 0; i < Groups;)
        {
            int from = i;
            while (i < Groups && groups[i] == 0) i++;
            if (i - from >= 2 && i - from > end - start) (start, end) = (from, i);
            if (i == from) i++;
        }

        return (start, end);
    }
}
