using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Parley.Server.Accounts;

/// <summary>The name of an account: <c>NAME@DOMAIN</c>, the address of record without its scheme.</summary>
/// <remarks>
/// The name has 1 to 128 bytes of the characters that RFC 3261 25.1 lets stand unescaped in a user part, or letters and digits beyond
/// ASCII (which URIs escape). Its letter case counts (RFC 3261 19.1.4): Alice and alice are two accounts.
/// The domain is a host name or IP address, kept in lower case.
/// </remarks>
public readonly record struct AccountName
{
    private AccountName(string user, string domain) => (User, Domain) = (user, domain);

    /// <summary>The name within the domain, unescaped.</summary>
    public string User { get; }

    /// <summary>The domain in lower case.</summary>
    public string Domain { get; }

    /// <summary>Reads <c>NAME@DOMAIN</c>; a <c>sip:</c> before it is taken for what it means.</summary>
    /// <param name="text">The name.</param>
    /// <param name="name">What was read.</param>
    /// <param name="reason">What is wrong, as a sentence; empty when nothing is.</param>
    public static bool TryParse(string text, out AccountName name, out string reason)
    {
        name = default;
        if (text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase)) text = text[4..];
        int at = text.LastIndexOf('@');
        if (at >= 0) return TryCreate(text[..at], text[(at + 1)..], out name, out reason);
        reason = $"\"{text}\" is no account: write NAME@DOMAIN";
        return false;
    }

    /// <summary>A name of its two parts.</summary>
    /// <param name="user">The name within the domain.</param>
    /// <param name="domain">The domain, in any letter case.</param>
    /// <param name="name">The name.</param>
    /// <param name="reason">What is wrong, as a sentence; empty when nothing is.</param>
    public static bool TryCreate(string user, string domain, out AccountName name, out string reason)
    {
        name = default;
        if (!TryCheckUser(user, out reason) || !TryCheckDomain(domain, out string canonical, out reason)) return false;
        name = new AccountName(user, canonical);
        return true;
    }

    /// <summary>Checks a domain and gives its canonical form: lower case, no dot at the end.</summary>
    /// <param name="domain">A host name, an IPv4 address or an IPv6 address in brackets.</param>
    /// <param name="canonical">What accounts are stored under.</param>
    /// <param name="reason">What is wrong, as a sentence; empty when nothing is.</param>
    public static bool TryCheckDomain(string domain, out string canonical, out string reason)
    {
        canonical = domain.ToLowerInvariant();
        if (canonical is [.. var withoutDot, '.']) canonical = withoutDot;
        bool isValid = canonical is ['[', .. var address, ']']
            ? IPAddress.TryParse(address, out IPAddress? parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6
            : IsHostName(canonical);
        reason = isValid ? "" : $"\"{domain}\" is no domain: write a host name or an IP address (IPv6 in brackets)";
        return isValid;
    }

    /// <summary><c>NAME@DOMAIN</c>.</summary>
    public override string ToString() => $"{User}@{Domain}";

    /// <summary>The canonical address of record (<see cref="AddressOfRecord"/>).</summary>
    internal byte[] ToUtf8() => Encoding.UTF8.GetBytes(ToString());

    /// <summary>The name of a stored account.</summary>
    internal static AccountName FromStored(string user, string domain) => new(user, domain);

    private static bool TryCheckUser(string user, out string reason)
    {
        reason = "";
        if (user.Length == 0) reason = "a name is missing before the @";
        else if (Encoding.UTF8.GetByteCount(user) > AddressOfRecord.MaxUserBytes) reason = $"the name \"{user[..16]}...\" has more than {AddressOfRecord.MaxUserBytes} bytes";
        else
        {
            foreach (Rune rune in user.EnumerateRunes())
            {
                bool isAllowed = rune.IsAscii ? AddressOfRecord.UserCharacters.Contains((char)rune.Value) : Rune.IsLetterOrDigit(rune);
                if (isAllowed) continue;
                reason = $"the name \"{Printable(user)}\" has a character that names cannot have: letters, digits and -_.!~*'()&=+$,;?/ are allowed (RFC 3261 25.1)";
                break;
            }
        }

        return reason.Length == 0;
    }

    /// <summary>RFC 3261 25.1 "hostname" and "IPv4address", with the underscore that real networks have.</summary>
    private static bool IsHostName(string text)
    {
        if (text.Length is 0 or > AddressOfRecord.MaxDomainBytes) return false;
        foreach (string label in text.Split('.'))
        {
            if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-') return false;
            foreach (char c in label)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')) return false;
            }
        }

        return true;
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
