using System.Globalization;
using System.Text;

namespace Parley.Sdp;

/// <summary>Writes the lines of a description in the order that RFC 8866 5 gives them.</summary>
internal static class SdpWriter
{
    public static string Write(SessionDescription session)
    {
        StringBuilder text = new(512);
        SdpOrigin o = session.Origin;
        Line(text, 'v', "0");
        Line(text, 'o', Join(o.UserName, o.SessionId, o.SessionVersion.ToString(CultureInfo.InvariantCulture), o.NetworkType, o.AddressType, o.Address));
        Line(text, 's', session.SessionName);
        Line(text, 'i', session.Information);
        Line(text, 'u', session.Uri);
        foreach (string email in session.Emails) Line(text, 'e', email);
        foreach (string phone in session.Phones) Line(text, 'p', phone);
        if (session.Connection is { } connection) Connection(text, connection);
        Bandwidths(text, session.Bandwidths);
        foreach (SdpTime time in session.Times)
        {
            Line(text, 't', string.Create(CultureInfo.InvariantCulture, $"{time.Start} {time.Stop}"));
            foreach (string repeat in time.Repeats) Line(text, 'r', repeat);
            Line(text, 'z', time.Zone);
        }

        Line(text, 'k', session.Key);
        Attributes(text, session.Attributes);
        foreach (MediaDescription media in session.Media) Media(text, media);
        return text.ToString();
    }

    private static void Media(StringBuilder text, MediaDescription media)
    {
        string port = media.Port.ToString(CultureInfo.InvariantCulture);
        if (media.PortCount != 1) port += "/" + media.PortCount.ToString(CultureInfo.InvariantCulture);
        if (media.Formats.Count == 0) throw new InvalidOperationException("An m= line has at least one format.");
        Line(text, 'm', Join([media.Media, port, media.Protocol, .. media.Formats.Span]));
        Line(text, 'i', media.Information);
        foreach (SdpConnection connection in media.Connections) Connection(text, connection);
        Bandwidths(text, media.Bandwidths);
        Line(text, 'k', media.Key);
        Attributes(text, media.Attributes);
    }

    private static void Connection(StringBuilder text, SdpConnection c) => Line(text, 'c', Join(c.NetworkType, c.AddressType, c.Address));

    private static void Bandwidths(StringBuilder text, SdpList<SdpBandwidth> bandwidths)
    {
        foreach (SdpBandwidth b in bandwidths) Line(text, 'b', string.Create(CultureInfo.InvariantCulture, $"{b.Type}:{b.Value}"));
    }

    private static void Attributes(StringBuilder text, SdpList<SdpAttribute> attributes)
    {
        foreach (SdpAttribute attribute in attributes)
        {
            if (attribute.Name.Length == 0 || attribute.Name.Contains(':', StringComparison.Ordinal)) throw new InvalidOperationException("An attribute has a name without a colon.");
            Line(text, 'a', attribute.Value is null ? attribute.Name : $"{attribute.Name}:{attribute.Value}");
        }
    }

    private static string Join(params ReadOnlySpan<string> fields)
    {
        foreach (string field in fields)
        {
            if (field.Length == 0 || field.Contains(' ', StringComparison.Ordinal)) throw new InvalidOperationException($"'{field}' is no field: it is empty or has a space.");
        }

        return string.Join(' ', fields);
    }

    /// <summary>Every text goes through here, so nothing can smuggle in a line.</summary>
    private static void Line(StringBuilder text, char type, string? value)
    {
        if (value is null) return;
        if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new InvalidOperationException($"The text of a {type}= line has a line end or NUL in it.");
        text.Append(type).Append('=').Append(value).Append("\r\n");
    }
}
