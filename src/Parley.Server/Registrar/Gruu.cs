using System.Buffers;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Public GRUUs: addresses of record with the instance that is meant, <c>sip:alice@example.com;gr=urn:uuid:f81d4fae-...</c>. Temporary ones are <see cref="TemporaryGruus"/>.</summary>
/// <remarks>The instance stands in it, so nothing is kept, and it holds for as long as the address of record. Source: RFC 5627 3.1.1, 5.4, A.1.</remarks>
internal static class Gruu
{
    /// <summary>What stands in a user without an escape: RFC 3261 25.1, user.</summary>
    private static readonly SearchValues<byte> UserBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/"u8);

    /// <summary>What stands in the value of a URI parameter without an escape: RFC 3261 25.1, paramchar.</summary>
    private static readonly SearchValues<byte> ParameterBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()[]/:&+$"u8);

    /// <summary>How long the public GRUU of an instance may be.</summary>
    public static int MaxBytes(ReadOnlySpan<byte> addressOfRecord, ReadOnlySpan<byte> urn) => "sips:;gr=".Length + (3 * (addressOfRecord.Length + urn.Length));

    /// <summary>Writes the public GRUU of an instance.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="urn">Its URN, without escapes.</param>
    /// <param name="isSecure">True for a <c>sips</c> URI.</param>
    /// <param name="destination">Room for <see cref="MaxBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(scoped ReadOnlySpan<byte> addressOfRecord, scoped ReadOnlySpan<byte> urn, bool isSecure, scoped Span<byte> destination)
    {
        int at = addressOfRecord.LastIndexOf((byte)'@'), length = 0;
        Add(isSecure ? "sips:"u8 : "sip:"u8, destination, ref length);
        AddEscaped(addressOfRecord[..at], UserBytes, destination, ref length);
        Add(addressOfRecord[at..], destination, ref length);
        Add(";gr="u8, destination, ref length);
        AddEscaped(urn, ParameterBytes, destination, ref length);
        return length;
    }

    /// <summary>The URN of an instance: without quotes and brackets.</summary>
    /// <returns>False for what is none.</returns>
    public static bool TryGetUrn(ReadOnlySpan<byte> instance, out ReadOnlySpan<byte> urn)
    {
        bool isOne = instance.Length > 4 && instance.StartsWith("\"<"u8) && instance.EndsWith(">\""u8);
        urn = isOne ? instance[2..^2] : default;
        return isOne;
    }

    /// <summary>Finds what a Request-URI says of the instance that it is for.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="urn">The URN, with escapes; empty for a temporary GRUU.</param>
    /// <returns>False when it says nothing: it is for all of its user's phones.</returns>
    public static bool TryGet(scoped in SipUriView uri, out ReadOnlySpan<byte> urn)
    {
        bool isGruu = uri.Parameters.TryGet("gr"u8, out UriParameterView parameter);
        urn = isGruu ? parameter.Value : default;
        return isGruu;
    }

    /// <summary>True when a binding is the instance that a Request-URI is for.</summary>
    /// <param name="urn">As <see cref="TryGet"/> gave it.</param>
    /// <param name="instance">The binding's instance, with quotes and brackets.</param>
    public static bool IsFor(ReadOnlySpan<byte> urn, ReadOnlySpan<byte> instance)
    {
        if (!TryGetUrn(instance, out ReadOnlySpan<byte> bound)) return false;
        int at = 0;
        foreach (byte expected in bound)
        {
            if (at >= urn.Length) return false;
            int b = urn[at++];
            if (b == '%' && at + 1 < urn.Length && System.Buffers.Text.Utf8Parser.TryParse(urn.Slice(at, 2), out byte escaped, out int read, 'x') && read == 2) (b, at) = (escaped, at + 2);
            if (b != expected && ((b | 0x20) != (expected | 0x20) || (uint)((b | 0x20) - 'a') > 25)) return false;
        }

        return at == urn.Length;
    }

    private static void AddEscaped(scoped ReadOnlySpan<byte> text, SearchValues<byte> plain, scoped Span<byte> destination, ref int length)
    {
        foreach (byte b in text)
        {
            if (plain.Contains(b)) destination[length++] = b;
            else Add([(byte)'%', (byte)"0123456789ABCDEF"[b >> 4], (byte)"0123456789ABCDEF"[b & 15]], destination, ref length);
        }
    }

    private static void Add(scoped ReadOnlySpan<byte> text, scoped Span<byte> destination, ref int length)
    {
        text.CopyTo(destination[length..]);
        length += text.Length;
    }
}
