using System.Buffers;
using System.Text;

namespace Parley.Server.Accounts;

/// <summary>The canonical form of an address of record, by which accounts and bindings are found: <c>user@domain</c>, the user unescaped, the domain in lower case.</summary>
/// <remarks>
/// Source: RFC 3261 10.3 step 5. URI parameters, password and port are no part of it. User names are compared with
/// their letter case, domains without (RFC 3261 19.1.4).
/// </remarks>
internal static class AddressOfRecord
{
    /// <summary>The longest user part, unescaped, in bytes.</summary>
    public const int MaxUserBytes = 128;

    /// <summary>The longest domain in bytes (RFC 1035 2.3.4).</summary>
    public const int MaxDomainBytes = 255;

    /// <summary>The longest canonical form in bytes.</summary>
    public const int MaxBytes = MaxUserBytes + 1 + MaxDomainBytes;

    /// <summary>What RFC 3261 25.1 lets stand unescaped in a user part: unreserved and user-unreserved characters.</summary>
    internal static readonly SearchValues<char> UserCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,;?/");

    /// <summary>Writes the canonical form.</summary>
    /// <param name="user">The user part as it stands in the URI, with its escapes.</param>
    /// <param name="host">The host as it stands in the URI.</param>
    /// <param name="destination"><see cref="MaxBytes"/> always suffice.</param>
    /// <param name="lengthBytes">Bytes written.</param>
    /// <returns>False when a part is empty, too long or badly escaped: no account has such a name.</returns>
    public static bool TryFormat(ReadOnlySpan<byte> user, ReadOnlySpan<byte> host, Span<byte> destination, out int lengthBytes)
    {
        lengthBytes = 0;
        if (!TryUnescape(user, destination, out int userLength)) return false;
        if (host is [.. var labels, (byte)'.']) host = labels;
        if (host.Length is 0 or > MaxDomainBytes || destination.Length < userLength + 1 + host.Length) return false;
        destination[userLength] = (byte)'@';
        lengthBytes = userLength + 1 + host.Length;
        return Ascii.ToLower(host, destination[(userLength + 1)..], out _) == OperationStatus.Done;
    }

    /// <summary>The user of a canonical form: what stands before the last <c>@</c>.</summary>
    public static ReadOnlySpan<byte> UserOf(ReadOnlySpan<byte> addressOfRecord) => addressOfRecord[..addressOfRecord.LastIndexOf((byte)'@')];

    /// <summary>The domain of a canonical form.</summary>
    public static ReadOnlySpan<byte> DomainOf(ReadOnlySpan<byte> addressOfRecord) => addressOfRecord[(addressOfRecord.LastIndexOf((byte)'@') + 1)..];

    private static bool TryUnescape(ReadOnlySpan<byte> user, Span<byte> destination, out int length)
    {
        length = 0;
        int limit = Math.Min(MaxUserBytes, destination.Length);
        while (user.Length > 0)
        {
            if (length == limit) return false;
            byte value = user[0];
            int taken = 1;
            if (value == '%')
            {
                if (user.Length < 3) return false;
                int high = HexValue(user[1]), low = HexValue(user[2]);
                if ((high | low) < 0) return false;
                value = (byte)((high << 4) | low);
                taken = 3;
            }

            destination[length++] = value;
            user = user[taken..];
        }

        return length > 0;
    }

    private static int HexValue(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
