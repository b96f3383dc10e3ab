using System.Text;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Some addresses at once: <c>*@spam.example</c>, <c>+1900*</c>, <c>bob@example.com</c>; <c>*</c> stands for any text.</summary>
/// <remarks>Without an <c>@</c> it is about users of any host. Users are compared with their letter case, hosts without.</remarks>
public sealed record UriPattern
{
    private readonly byte[] _user;
    private readonly byte[] _host;

    private UriPattern(string text, string user, string host) => (Text, _user, _host) = (text, Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(host.ToLowerInvariant()));

    /// <summary>The pattern as it is written.</summary>
    public string Text { get; }

    /// <summary>Reads a pattern.</summary>
    /// <returns>Null when it is none: empty, with blanks, or with more than one <c>@</c>.</returns>
    public static UriPattern? Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string bare = text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) ? text[4..] : text;
        string[] parts = bare.Split('@');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0) || bare.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return null;
        return new UriPattern(text, parts[0], parts.Length == 2 ? parts[1] : "*");
    }

    /// <summary>True when a URI is one of them.</summary>
    public bool Matches(scoped in SipUriView uri)
    {
        Span<byte> host = stackalloc byte[256];
        if (uri.Host.Length > host.Length) return false;
        Ascii.ToLower(uri.Host, host, out int length);
        return Matches(_user, uri.User) && Matches(_host, host[..length]);
    }

    /// <inheritdoc/>
    public bool Equals(UriPattern? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    // Goes back to the last star only, so that no text makes it slow.
    private static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0, t = 0, star = -1, behindStar = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                behindStar = t;
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++behindStar;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}
