using System.Globalization;

namespace Parley.Server.Configuration;

/// <summary>A range of UDP or TCP ports, both ends included.</summary>
/// <param name="First">The lowest port, 1 to 65535.</param>
/// <param name="Last">The highest, not below <paramref name="First"/>.</param>
public readonly record struct PortRange(ushort First, ushort Last)
{
    /// <summary>How many ports it has, 1 or more.</summary>
    public int Count => Last - First + 1;

    /// <summary>Reads <c>20000-29999</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PortRange range)
    {
        range = default;
        int dash = text.IndexOf('-');
        if (dash < 0
            || !ushort.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            || !ushort.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last)
            || first == 0 || last < first) return false;
        range = new PortRange(first, last);
        return true;
    }

    /// <summary><c>20000-29999</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
