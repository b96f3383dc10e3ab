using System.Text;

namespace Parley.Sip.Messages;

/// <summary>When two URIs mean the same.</summary>
/// <remarks>Source: RFC 3261 19.1.4, RFC 3966 5. Not transitive, so it cannot be a hash key.</remarks>
internal static class SipUriEquivalence
{
    // Comparing lists without order takes the square of their length; more than this many are only equal byte by byte.
    private const int MostListed = 48;

    public static bool Compare(in SipUriView left, in SipUriView right) => left.Scheme == right.Scheme && SameButForScheme(left, right);

    /// <summary>True for SIP URIs that are the same when nobody looks whether they are <c>sip</c> or <c>sips</c>.</summary>
    public static bool SameResource(in SipUriView left, in SipUriView right) =>
        (left.Scheme == right.Scheme || (left.IsSip && right.IsSip)) && SameButForScheme(left, right);

    private static bool SameButForScheme(in SipUriView left, in SipUriView right)
    {
        if (left.Bytes.SequenceEqual(right.Bytes)) return true;
        return left.Scheme switch
        {
            SipUriScheme.Other => Ascii.EqualsIgnoreCase(left.SchemeBytes, right.SchemeBytes)
                && left.Bytes[left.SchemeBytes.Length..].SequenceEqual(right.Bytes[right.SchemeBytes.Length..]),
            SipUriScheme.Tel => SameNumber(left.User, right.User) && SameTelParameters(left.Parameters, right.Parameters),
            _ => left.HasUser == right.HasUser && left.HasPassword == right.HasPassword && left.Port == right.Port
                && SameText(left.User, right.User, ignoreCase: false)
                && SameText(left.Password, right.Password, ignoreCase: false)
                && SameHost(left, right)
                && SameSipParameters(left.Parameters, right.Parameters)
                && SameHeaders(left.Headers, right.Headers),
        };
    }

    private static bool SameHost(in SipUriView left, in SipUriView right)
    {
        if (Ascii.EqualsIgnoreCase(left.Host, right.Host)) return true;
        // One IPv6 address has many spellings.
        return left.Host[0] == '[' && right.Host[0] == '['
            && left.TryGetAddress(out Core.NetworkAddress a) && right.TryGetAddress(out Core.NetworkAddress b) && a == b;
    }

    /// <summary>Compares with escapes: any character but a reserved one is the same as its escape.</summary>
    internal static bool SameText(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, bool ignoreCase)
    {
        int i = 0, j = 0;
        while (i < left.Length && j < right.Length)
        {
            int a = NextCharacter(left, ref i), b = NextCharacter(right, ref j);
            if (a == b) continue;
            if (!ignoreCase || (a | 0x20) != (b | 0x20) || (uint)((a | 0x20) - 'a') > 25) return false;
        }

        return i == left.Length && j == right.Length;
    }

    // An escaped reserved character is another one than the same unescaped: it gets bit 8.
    private static int NextCharacter(ReadOnlySpan<byte> text, ref int at)
    {
        byte b = text[at++];
        if (b != '%' || at + 1 >= text.Length) return b;
        int high = Grammar.HexValue(text[at]), low = Grammar.HexValue(text[at + 1]);
        if ((high | low) < 0) return b;
        at += 2;
        int value = (high << 4) | low;
        return Grammar.UriReserved.Contains((byte)value) ? value | 0x100 : value;
    }

    private static bool SameSipParameters(UriParametersView left, UriParametersView right)
    {
        if (left.Bytes.Count((byte)';') > MostListed || right.Bytes.Count((byte)';') > MostListed) return left.Bytes.SequenceEqual(right.Bytes);
        return SipParametersMatch(left, right, compareValues: true) && SipParametersMatch(right, left, compareValues: false);
    }

    private static bool SipParametersMatch(UriParametersView left, UriParametersView right, bool compareValues)
    {
        foreach (UriParameterView parameter in left)
        {
            bool isInBoth = right.TryGet(parameter.Name, out UriParameterView other);
            if (!isInBoth && MustBeInBoth(parameter.Name)) return false;
            if (isInBoth && compareValues
                && (parameter.HasValue != other.HasValue || !SameText(parameter.Value, other.Value, ignoreCase: true))) return false;
        }

        return true;
    }

    // The rules name user, ttl, method and maddr; transport is in the examples and in the rule on defaults.
    private static bool MustBeInBoth(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "user"u8) || Ascii.EqualsIgnoreCase(name, "ttl"u8) || Ascii.EqualsIgnoreCase(name, "method"u8)
        || Ascii.EqualsIgnoreCase(name, "maddr"u8) || Ascii.EqualsIgnoreCase(name, "transport"u8);

    private static bool SameHeaders(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.SequenceEqual(right)) return true;
        int count = left.Count((byte)'&');
        if (left.Length == 0 || right.Length == 0 || count != right.Count((byte)'&') || count >= MostListed) return false;
        return EachHeaderIsIn(left, right) && EachHeaderIsIn(right, left);
    }

    private static bool EachHeaderIsIn(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        foreach (Range range in left.Split((byte)'&'))
        {
            bool isFound = false;
            foreach (Range other in right.Split((byte)'&'))
            {
                isFound = SameHeader(left[range], right[other]);
                if (isFound) break;
            }

            if (!isFound) return false;
        }

        return true;
    }

    private static bool SameHeader(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int a = left.IndexOf((byte)'='), b = right.IndexOf((byte)'=');
        if (a < 0 || b < 0) return SameText(left, right, ignoreCase: true);
        bool isBody = Ascii.EqualsIgnoreCase(left[..a], "body"u8);
        return SameText(left[..a], right[..b], ignoreCase: true) && SameText(left[(a + 1)..], right[(b + 1)..], ignoreCase: !isBody);
    }

    private static bool SameNumber(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int i = 0, j = 0;
        while (true)
        {
            int a = NextDigit(left, ref i), b = NextDigit(right, ref j);
            if (a != b) return false;
            if (a < 0) return true;
        }
    }

    // Visual separators mean nothing (RFC 3966 5.1.1).
    private static int NextDigit(ReadOnlySpan<byte> number, ref int at)
    {
        while (at < number.Length)
        {
            byte b = number[at++];
            if (b is not ((byte)'-' or (byte)'.' or (byte)'(' or (byte)')')) return char.ToLowerInvariant((char)b);
        }

        return -1;
    }

    private static bool SameTelParameters(UriParametersView left, UriParametersView right)
    {
        int count = left.Bytes.Count((byte)';');
        if (count != right.Bytes.Count((byte)';') || count > MostListed) return false;
        foreach (UriParameterView parameter in left)
        {
            if (!right.TryGet(parameter.Name, out UriParameterView other) || !SameText(parameter.Value, other.Value, ignoreCase: true)) return false;
        }

        return true;
    }
}
