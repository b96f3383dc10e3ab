using System.Globalization;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A part of a message as the body of another: <c>message/sipfrag</c>.</summary>
/// <remarks>Source: RFC 3420.</remarks>
public static class SipFragment
{
    /// <summary>Reads the status line that a fragment begins with.</summary>
    /// <param name="fragment">The body.</param>
    /// <param name="statusCode">100 to 699.</param>
    /// <param name="reasonPhrase">Its phrase, which may be empty.</param>
    /// <returns>False when it begins with something else.</returns>
    /// <remarks>Source: RFC 3515 2.4.5.</remarks>
    public static bool TryReadStatus(ReadOnlySpan<byte> fragment, out int statusCode, out string reasonPhrase)
    {
        (statusCode, reasonPhrase) = (0, "");
        int end = fragment.IndexOfAny((byte)'\r', (byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? fragment : fragment[..end];
        if (!line.StartsWith("SIP/2.0 "u8) || line.Length < 11 || (line.Length > 11 && line[11] != ' ')) return false;
        if (!int.TryParse(line[8..11], NumberStyles.None, CultureInfo.InvariantCulture, out statusCode) || statusCode is < 100 or > 699) return false;
        reasonPhrase = line.Length > 12 ? Encoding.UTF8.GetString(line[12..]) : "";
        return true;
    }
}
