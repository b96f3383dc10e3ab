using System.Text;
using Parley.Core.Hashing;

namespace Parley.Load.Messages;

/// <summary>A server's challenge, and the answer to it: digest with MD5, as every phone does.</summary>
/// <remarks>Source: RFC 2617 3.2, RFC 7616 3.4.</remarks>
internal readonly ref struct DigestChallenge
{
    private const int HashBytes = 16;

    private DigestChallenge(ReadOnlySpan<byte> realm, ReadOnlySpan<byte> nonce, bool hasQop)
    {
        Realm = realm;
        Nonce = nonce;
        HasQop = hasQop;
    }

    /// <summary>The realm, as it stands between the quotes.</summary>
    public ReadOnlySpan<byte> Realm { get; }

    /// <summary>The nonce, as it stands between the quotes.</summary>
    public ReadOnlySpan<byte> Nonce { get; }

    /// <summary>True when the answer has a nonce count and a nonce of its own.</summary>
    public bool HasQop { get; }

    /// <summary>Reads the value of a WWW-Authenticate header.</summary>
    /// <returns>False when it is no digest challenge for MD5.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out DigestChallenge challenge)
    {
        challenge = default;
        if (value.Length < 7 || !Ascii.EqualsIgnoreCase(value[..7], "Digest "u8)) return false;
        ReadOnlySpan<byte> algorithm = Parameter(value, "algorithm="u8);
        if (!algorithm.IsEmpty && !Ascii.EqualsIgnoreCase(algorithm, "MD5"u8)) return false;
        challenge = new DigestChallenge(Parameter(value, "realm="u8), Parameter(value, "nonce="u8), !Parameter(value, "qop="u8).IsEmpty);
        return !challenge.Nonce.IsEmpty;
    }

    /// <summary>Writes an Authorization header that answers it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="user">The user's name.</param>
    /// <param name="password">The user's password.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="uri">The request's URI.</param>
    /// <param name="cnonce">The client's nonce, for a server that wants one.</param>
    public void WriteAnswer(
        ref MessageWriter writer, scoped ReadOnlySpan<byte> user, scoped ReadOnlySpan<byte> password, ReadOnlySpan<byte> method, ReadOnlySpan<byte> uri, uint cnonce)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        Span<byte> text = stackalloc byte[768];

        var a1 = new MessageWriter(text);
        a1.Text(user);
        a1.Text(":"u8);
        a1.Text(Realm);
        a1.Text(":"u8);
        a1.Text(password);
        ShortHash.Md5(a1.Written, hash);

        Span<byte> ha2 = stackalloc byte[HashBytes];
        Span<byte> request = stackalloc byte[256];
        var a2 = new MessageWriter(request);
        a2.Text(method);
        a2.Text(":"u8);
        a2.Text(uri);
        ShortHash.Md5(a2.Written, ha2);

        var response = new MessageWriter(text);
        response.Hex(hash);
        response.Text(":"u8);
        response.Text(Nonce);
        if (HasQop)
        {
            response.Text(":00000001:"u8);
            response.Hex(cnonce);
            response.Text(":auth"u8);
        }

        response.Text(":"u8);
        response.Hex(ha2);
        ShortHash.Md5(response.Written, hash);

        writer.Text("Authorization: Digest username=\""u8);
        writer.Text(user);
        writer.Text("\", realm=\""u8);
        writer.Text(Realm);
        writer.Text("\", nonce=\""u8);
        writer.Text(Nonce);
        writer.Text("\", uri=\""u8);
        writer.Text(uri);
        writer.Text("\", response=\""u8);
        writer.Hex(hash);
        writer.Text("\", algorithm=MD5"u8);
        if (HasQop)
        {
            writer.Text(", qop=auth, nc=00000001, cnonce=\""u8);
            writer.Hex(cnonce);
            writer.Text("\""u8);
        }

        writer.Text("\r\n"u8);
    }

    // Parameters of other names may end in the same letters, so what stands before has to be a blank or a comma.
    private static ReadOnlySpan<byte> Parameter(ReadOnlySpan<byte> value, ReadOnlySpan<byte> nameAndEquals)
    {
        int from = 0;
        while (true)
        {
            int found = value[from..].IndexOf(nameAndEquals);
            if (found < 0) return [];
            int start = from + found;
            from = start + nameAndEquals.Length;
            if (start > 0 && value[start - 1] is not ((byte)' ' or (byte)',')) continue;
            ReadOnlySpan<byte> rest = value[from..];
            if (rest is [(byte)'"', ..])
            {
                int quote = rest[1..].IndexOf((byte)'"');
                return quote < 0 ? [] : rest[1..(quote + 1)];
            }

            int end = rest.IndexOfAny((byte)',', (byte)' ');
            return end < 0 ? rest : rest[..end];
        }
    }
}
