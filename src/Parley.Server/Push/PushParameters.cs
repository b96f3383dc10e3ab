using Parley.Sip.Messages;

namespace Parley.Server.Push;

/// <summary>How a phone is woken, as the URI of its Contact says it: the parameters of push notifications.</summary>
/// <remarks>
/// They are between the phone and this server: <see cref="Write"/> is for whoever shows a contact to somebody else (RFC 8599 13).
/// Values as they were written, with escapes. Source: RFC 8599 8.7.
/// </remarks>
internal readonly ref struct PushParameters
{
    private PushParameters(ReadOnlySpan<byte> provider, ReadOnlySpan<byte> parameter, ReadOnlySpan<byte> prid)
    {
        Provider = provider;
        Parameter = parameter;
        Prid = prid;
    }

    /// <summary>The push notification service, <c>pn-provider</c>; empty where the phone asks which there are.</summary>
    public ReadOnlySpan<byte> Provider { get; }

    /// <summary>What the service needs besides, <c>pn-param</c>; empty for none.</summary>
    public ReadOnlySpan<byte> Parameter { get; }

    /// <summary>By what the service knows the phone, <c>pn-prid</c>; empty where the phone does not want to be woken.</summary>
    public ReadOnlySpan<byte> Prid { get; }

    /// <summary>True when there is all that the service needs.</summary>
    /// <remarks>Source: RFC 8599 10, 11, 12.</remarks>
    public bool IsComplete => !Prid.IsEmpty && (!Parameter.IsEmpty || !(Is("apns"u8) || Is("fcm"u8)));

    /// <summary>Reads the parameters of a contact.</summary>
    /// <returns>False when it has no <c>pn-provider</c>.</returns>
    public static bool TryRead(scoped in SipUriView contact, out PushParameters parameters)
    {
        ReadOnlySpan<byte> provider = default, parameter = default, prid = default;
        bool hasProvider = false;
        foreach (UriParameterView part in contact.Parameters)
        {
            if (!IsPush(part.Name)) continue;
            if (System.Text.Ascii.EqualsIgnoreCase(part.Name, "pn-param"u8)) parameter = part.Value;
            else if (System.Text.Ascii.EqualsIgnoreCase(part.Name, "pn-prid"u8)) prid = part.Value;
            else if (System.Text.Ascii.EqualsIgnoreCase(part.Name, "pn-provider"u8))
            {
                provider = part.Value;
                hasProvider = true;
            }
        }

        parameters = new PushParameters(provider, parameter, prid);
        return hasProvider;
    }

    /// <summary>Writes the URI of a contact without them.</summary>
    /// <param name="contact">The URI.</param>
    /// <param name="destination">Room for as many bytes as the URI has.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(scoped ReadOnlySpan<byte> contact, scoped Span<byte> destination)
    {
        int length = 0, copied = 0;
        if (contact.IndexOf(";p"u8) >= 0 || contact.IndexOf(";P"u8) >= 0)
        {
            if (SipUriView.TryParse(contact, out SipUriView uri) && uri.IsSip)
            {
                foreach (UriParameterView part in uri.Parameters)
                {
                    if (!IsPush(part.Name)) continue;
                    contact[copied..part.Offset].CopyTo(destination[length..]);
                    length += part.Offset - copied;
                    copied = part.End;
                }
            }
        }

        contact[copied..].CopyTo(destination[length..]);
        return length + contact.Length - copied;
    }

    /// <summary>A contact as it may be shown to others.</summary>
    public static string Shown(ReadOnlySpan<byte> contact)
    {
        Span<byte> shown = contact.Length <= 1024 ? stackalloc byte[contact.Length] : new byte[contact.Length];
        return System.Text.Encoding.UTF8.GetString(shown[..Write(contact, shown)]);
    }

    private bool Is(ReadOnlySpan<byte> provider) => System.Text.Ascii.EqualsIgnoreCase(Provider, provider);

    private static bool IsPush(ReadOnlySpan<byte> name) => name is [(byte)'p' or (byte)'P', (byte)'n' or (byte)'N', (byte)'-', ..];
}
