using System.Globalization;

namespace Parley.Sdp;

/// <summary>The value of an <c>extmap</c> attribute: which number an RTP header extension has.</summary>
/// <param name="Id">1 to 14, or to 255 for who knows the two-byte form.</param>
/// <param name="Uri">Which extension.</param>
/// <param name="Direction">Who may send it; null where nothing is said, which is both.</param>
/// <param name="Attributes">What else is said of it; empty for nothing.</param>
/// <remarks>Source: RFC 8285 5 and 8.</remarks>
public sealed record HeaderExtensionMapping(byte Id, string Uri, string? Direction = null, string Attributes = "")
{
    /// <summary>The attribute's name.</summary>
    public const string AttributeName = "extmap";

    /// <summary>How loud the sound of a packet is (RFC 6464).</summary>
    public const string AudioLevelUri = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

    /// <summary>Reads a value.</summary>
    /// <returns>Null for one that is not right, or has a number that cannot be in a packet.</returns>
    public static HeaderExtensionMapping? TryParse(string? value)
    {
        string[] fields = (value ?? "").Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 2) return null;
        string[] number = fields[0].Split('/', 2);
        return byte.TryParse(number[0], NumberStyles.None, CultureInfo.InvariantCulture, out byte id) && id > 0
            ? new HeaderExtensionMapping(id, fields[1], number.Length > 1 ? number[1] : null, fields.Length > 2 ? fields[2] : "")
            : null;
    }

    /// <summary>The text of the value.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}{(Direction is null ? "" : "/")}{Direction} {Uri}{(Attributes.Length == 0 ? "" : " ")}{Attributes}");
}
