using System.Globalization;
using System.Text;
using Parley.Rtp.Events;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Infos;

/// <summary>One key in the body of an INFO.</summary>
/// <remarks>
/// <code>
/// application/dtmf-relay        application/dtmf
///
/// Signal=5                      5
/// Duration=160
/// </code>
/// No RFC has these; gateways and switches have long agreed on them. Some write the keys behind 9 as numbers, in the order of RFC 4733 3.2: 10 is *, 15 is D.
/// </remarks>
internal static class KeyBody
{
    /// <summary>The media types.</summary>
    public const string RelayType = "application/dtmf-relay", KeyType = "application/dtmf";

    private const byte Flash = 16;
    private const int MaxMilliseconds = 60_000;

    /// <summary>Which of both types a body has.</summary>
    /// <returns>Null for another one.</returns>
    public static KeyTransport? KindOf(in MediaTypeView type) =>
        type.Is("application"u8, "dtmf-relay"u8) ? KeyTransport.InfoRelay : type.Is("application"u8, "dtmf"u8) ? KeyTransport.Info : null;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="kind">Its type.</param>
    /// <param name="digit">0-9, *, #, A-D; a space for the hook flash, which is no key.</param>
    /// <param name="duration">How long it was held down; zero when it does not say.</param>
    /// <returns>False when it names no key.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, KeyTransport kind, out char digit, out TimeSpan duration)
    {
        (digit, duration) = ('\0', TimeSpan.Zero);
        if (kind == KeyTransport.Info) return TryReadSignal(Encoding.UTF8.GetString(body).AsSpan().Trim(), out digit);
        bool hasSignal = false;
        foreach (ReadOnlySpan<char> line in Encoding.UTF8.GetString(body).AsSpan().EnumerateLines())
        {
            int equals = line.IndexOf('=');
            if (equals < 0) continue;
            ReadOnlySpan<char> name = line[..equals].Trim(), value = line[(equals + 1)..].Trim();
            if (name.Equals("Signal", StringComparison.OrdinalIgnoreCase))
            {
                if (hasSignal || !TryReadSignal(value, out digit)) return false;
                hasSignal = true;
            }
            else if (name.Equals("Duration", StringComparison.OrdinalIgnoreCase))
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) || milliseconds > MaxMilliseconds) return false;
                duration = TimeSpan.FromMilliseconds(milliseconds);
            }
        }

        return hasSignal;
    }

    /// <summary>Writes the INFO of a key.</summary>
    public static InfoMessage Write(char digit, KeyTransport kind, TimeSpan duration)
    {
        digit = char.ToUpperInvariant(digit);
        return kind == KeyTransport.Info
            ? new InfoMessage(null, KeyType, WireText.ToBytes($"{digit}"))
            : new InfoMessage(null, RelayType, WireText.ToBytes(string.Create(CultureInfo.InvariantCulture, $"Signal={digit}\r\nDuration={(int)duration.TotalMilliseconds}\r\n")));
    }

    private static bool TryReadSignal(ReadOnlySpan<char> text, out char digit)
    {
        digit = text.Length == 1 ? char.ToUpperInvariant(text[0]) : '\0';
        if (text.Length == 1 && Dtmf.TryGetCode(digit, out _)) return true;
        if (!byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte code)) return false;
        if (code == Flash) digit = ' ';
        return code == Flash || Dtmf.TryGetDigit(code, out digit);
    }
}
