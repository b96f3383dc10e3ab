using System.Diagnostics.CodeAnalysis;
using Parley.Sip.Messages;

namespace Parley.Phone.State;

/// <summary>What people type when they mean somebody.</summary>
internal static class Addresses
{
    /// <summary>Reads a contact's name, an address with or without <c>sip:</c>, or a number or user of the account's own domain.</summary>
    /// <param name="state">Knows contacts and accounts.</param>
    /// <param name="account">By which account: an index.</param>
    /// <param name="text">What was typed.</param>
    /// <param name="uri">Whom it means.</param>
    /// <returns>False when it means nobody.</returns>
    public static bool TryRead(PhoneState state, int account, string text, [NotNullWhen(true)] out SipUri? uri)
    {
        uri = null;
        text = text.Trim();
        if (text.Length == 0) return false;
        if (state.Contacts.FirstOrDefault(contact => contact.Name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } known)
        {
            uri = known.Uri;
            return true;
        }

        if (text.StartsWith("sip:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("sips:", StringComparison.OrdinalIgnoreCase)) return SipUri.TryParse(text, out uri) && uri.IsSip;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && text.AsSpan(0, at).Contains(':')) return false;      // another scheme, or a password
        if (at >= 0 || state.Accounts[account].Uri is not { } own) return SipUri.TryParse("sip:" + text, out uri) && uri.IsSip;
        string user = IsNumber(text) ? string.Concat(text.Where(character => char.IsAsciiDigit(character) || character is '+' or '*' or '#')) : text;
        if (user.Length == 0 || user.Any(char.IsWhiteSpace)) return false;
        if (!IsNumber(text) && text.AsSpan().ContainsAny('.', ':') && SipUri.TryParse("sip:" + text, out uri) && uri.IsSip) return true;       // a host, or user:port of one
        uri = new SipUri(user, own.Host, own.Port, own.Scheme == SipUriScheme.Sips);
        return true;
    }

    // A telephone number as people write it.
    private static bool IsNumber(string text) => text.All(character => char.IsAsciiDigit(character) || "+*#-() ./".Contains(character, StringComparison.Ordinal)) && text.Count(c => c == '.') < 3;
}
