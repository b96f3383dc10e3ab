using System.Text;

namespace Parley.Sip.Messages;

/// <summary>Quoted strings: reading their quoted pairs and writing them.</summary>
/// <remarks>Source: RFC 3261 25.1 (quoted-string, quoted-pair).</remarks>
public static class QuotedText
{
    /// <summary>Writes the text with quoted pairs and folds resolved.</summary>
    /// <param name="quoted">What is between the quotes.</param>
    /// <param name="destination">At least as long as <paramref name="quoted"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is shorter than the text.</exception>
    public static int Unescape(ReadOnlySpan<byte> quoted, Span<byte> destination)
    {
        if (destination.Length < quoted.Length) throw new ArgumentException("Shorter than the text.", nameof(destination));
        int written = 0;
        for (int i = 0; i < quoted.Length; i++)
        {
            byte b = quoted[i];
            // A CR or LF cannot be escaped: what stands before a fold is a backslash and no more.
            if (b == '\\' && i + 1 < quoted.Length && quoted[i + 1] is not ((byte)'\r' or (byte)'\n'))
            {
                destination[written++] = quoted[++i];
                continue;
            }

            if (b is (byte)'\r' or (byte)'\n')
            {
                // A fold: the line break and the white space behind it are one space.
                i = Grammar.SkipWhiteSpace(quoted, i) - 1;
                b = (byte)' ';
            }

            destination[written++] = b;
        }

        return written;
    }

    /// <summary>The text between quotes with quoted pairs and folds resolved.</summary>
    public static string Decode(ReadOnlySpan<byte> quoted)
    {
        if (!quoted.ContainsAny("\\\r\n"u8)) return Encoding.UTF8.GetString(quoted);
        byte[] bytes = new byte[quoted.Length];
        return Encoding.UTF8.GetString(bytes, 0, Unescape(quoted, bytes));
    }
}
