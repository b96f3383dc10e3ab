using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Parley.Sdp;

/// <summary>A crypto-suite that can be negotiated.</summary>
/// <param name="Name">As in the registry: <c>AES_CM_128_HMAC_SHA1_80</c>.</param>
/// <param name="KeyAndSaltLengthBytes">Of its master key and master salt together.</param>
/// <param name="IsOffered">False takes it in others' offers only.</param>
/// <remarks>Source: RFC 4568 6.2.</remarks>
public readonly record struct CryptoSuite(string Name, int KeyAndSaltLengthBytes, bool IsOffered = true);

/// <summary>A master key as a description carries it. Its text does not show it.</summary>
/// <remarks>Source: RFC 4568 6.1.</remarks>
public sealed class CryptoKey
{
    private readonly byte[] _keyAndSalt;
    private readonly byte[] _mki;

    /// <summary>A key.</summary>
    /// <param name="keyAndSalt">Master key and master salt; copied.</param>
    /// <param name="lifetime">Packets that it may protect; null for what the suite allows.</param>
    /// <param name="mki">What packets name it with: 0 to 128 bytes; copied.</param>
    public CryptoKey(ReadOnlySpan<byte> keyAndSalt, long? lifetime = null, ReadOnlySpan<byte> mki = default)
    {
        (_keyAndSalt, Lifetime, _mki) = (keyAndSalt.ToArray(), lifetime, mki.ToArray());
    }

    /// <summary>Master key and master salt.</summary>
    public ReadOnlySpan<byte> KeyAndSalt => _keyAndSalt;

    /// <summary>Packets that it may protect; null for what the suite allows.</summary>
    public long? Lifetime { get; }

    /// <summary>What packets name it with; empty when they do not.</summary>
    public ReadOnlySpan<byte> Mki => _mki;

    /// <summary>True when it is the same key, under the same name and for as long.</summary>
    public bool IsSame(CryptoKey? other) =>
        other is not null && Lifetime == other.Lifetime && KeyAndSalt.SequenceEqual(other.KeyAndSalt) && Mki.SequenceEqual(other.Mki);
}

/// <summary>A line that says how a stream is protected: <c>a=crypto</c>.</summary>
/// <remarks>
/// <code>
/// crypto:tag suite inline:key-and-salt[|lifetime][|MKI:length] [session parameters]
/// </code>
/// Session parameters that change nothing here are read over: a window size, FEC before SRTP, and all that begin with a
/// dash. A line with another, or with several keys, cannot be used. Source: RFC 4568 4, 6 and 9.
/// </remarks>
public sealed class CryptoAttribute
{
    /// <summary>The attribute's name.</summary>
    public const string Name = "crypto";

    private const string Inline = "inline:";
    private const int MaxTagDigits = 9;
    private const int MaxMkiLengthBytes = 128;
    private const int MaxLifetimePower = 48;        // RFC 3711 9.2

    private CryptoAttribute(int tag, string suite, CryptoKey key)
    {
        (Tag, Suite, Key) = (tag, suite, key);
    }

    /// <summary>Tells the lines of a stream apart; an answer repeats that of the line it takes.</summary>
    public int Tag { get; }

    /// <summary>The crypto-suite.</summary>
    public string Suite { get; }

    /// <summary>What its sender protects packets with.</summary>
    public CryptoKey Key { get; }

    /// <summary>The text of a line.</summary>
    /// <param name="tag">0 to 999,999,999.</param>
    /// <param name="suite">The crypto-suite.</param>
    /// <param name="key">What this side protects packets with.</param>
    public static string Write(int tag, string suite, CryptoKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{tag} {suite} {Inline}{Convert.ToBase64String(key.KeyAndSalt)}");
        if (key.Lifetime is { } lifetime)
        {
            if (BitOperations.IsPow2(lifetime)) text.Append(CultureInfo.InvariantCulture, $"|2^{BitOperations.Log2((ulong)lifetime)}");
            else text.Append(CultureInfo.InvariantCulture, $"|{lifetime}");
        }

        if (!key.Mki.IsEmpty) text.Append(CultureInfo.InvariantCulture, $"|{new BigInteger(key.Mki, isUnsigned: true, isBigEndian: true)}:{key.Mki.Length}");
        return text.ToString();
    }

    /// <summary>Reads the value of a line.</summary>
    /// <returns>False when it is not valid, or asks for what cannot be done.</returns>
    public static bool TryParse(string? value, [NotNullWhen(true)] out CryptoAttribute? attribute)
    {
        attribute = null;
        string[] fields = value?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (fields.Length < 3 || fields[0].Length > MaxTagDigits || !TryNumber(fields[0], out int tag)) return false;
        if (!fields[2].StartsWith(Inline, StringComparison.OrdinalIgnoreCase) || !TryParseKey(fields[2][Inline.Length..], out CryptoKey? key)) return false;
        foreach (string parameter in fields.AsSpan(3))
        {
            bool changesNothing = parameter[0] == '-' || parameter == "FEC_ORDER=FEC_SRTP"
                || (parameter.StartsWith("WSH=", StringComparison.Ordinal) && TryNumber(parameter[4..], out _));
            if (!changesNothing) return false;
        }

        attribute = new CryptoAttribute(tag, fields[1], key);
        return true;
    }

    private static bool TryParseKey(string text, [NotNullWhen(true)] out CryptoKey? key)
    {
        key = null;
        string[] parts = text.Split('|');
        if (parts.Length > 3 || !TryDecode(parts[0], out byte[] keyAndSalt)) return false;
        long? lifetime = null;
        byte[] mki = [];
        for (int i = 1; i < parts.Length; i++)
        {
            // The lifetime comes first and has no colon, the MKI always has one.
            bool isMki = parts[i].Contains(':', StringComparison.Ordinal);
            if (isMki ? i != parts.Length - 1 || !TryParseMki(parts[i], out mki) : i != 1 || !TryParseLifetime(parts[i], out lifetime)) return false;
        }

        key = new CryptoKey(keyAndSalt, lifetime, mki);
        return true;
    }

    private static bool TryDecode(string text, out byte[] bytes)
    {
        // The padding may be left out.
        string whole = text.TrimEnd('=');
        whole += new string('=', -whole.Length & 3);
        bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(whole.Length)];
        bool isDecoded = Convert.TryFromBase64String(whole, bytes, out int length);
        Array.Resize(ref bytes, length);
        return isDecoded && length > 0;
    }

    private static bool TryParseLifetime(string text, out long? lifetime)
    {
        bool isPower = text.StartsWith("2^", StringComparison.Ordinal);
        lifetime = null;
        if (!TryDigits(isPower ? text[2..] : text) || !long.TryParse(isPower ? text.AsSpan(2) : text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return false;
        if (isPower && number > MaxLifetimePower) return false;
        lifetime = isPower ? 1L << (int)number : number;
        return lifetime is > 0 and <= 1L << MaxLifetimePower;
    }

    /// <summary>MKI:length</summary>
    private static bool TryParseMki(string text, out byte[] mki)
    {
        mki = [];
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string value = text[..colon];
        const int MaxDigits = 309;      // of 2^1024
        if (value.Length > MaxDigits || !TryDigits(value) || !TryNumber(text[(colon + 1)..], out int length) || length is 0 or > MaxMkiLengthBytes) return false;
        byte[] bytes = BigInteger.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture).ToByteArray(isUnsigned: true, isBigEndian: true);
        if (bytes.Length > length) return false;
        mki = new byte[length];
        bytes.CopyTo(mki, length - bytes.Length);
        return true;
    }

    /// <summary>Digits without a zero before them.</summary>
    private static bool TryDigits(string text) =>
        text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9') && (text[0] != '0' || text.Length == 1);

    private static bool TryNumber(string text, out int number)
    {
        number = 0;
        return TryDigits(text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
