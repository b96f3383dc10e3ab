using Parley.Sip.Messages;

namespace Parley.UserAgent.Registrations;

/// <summary>How this phone is woken by a push notification when it sleeps: what its registrar is told.</summary>
/// <param name="Provider">The push notification service: <c>apns</c>, <c>fcm</c>, <c>webpush</c> or another that the registrar knows.</param>
/// <param name="Prid">By what the service knows the phone.</param>
/// <param name="Parameter">What the service needs besides; null for none.</param>
/// <remarks>Goes to the registrar alone. Source: RFC 8599 4.1, 8.7.</remarks>
public sealed record PushParameters(string Provider, string Prid, string? Parameter = null)
{
    /// <summary>The parameters of the Contact URI of a REGISTER.</summary>
    /// <param name="isRemoval">True when the binding is removed: the phone is not to be woken any more (RFC 8599 4.1.2).</param>
    internal byte[] Write(bool isRemoval)
    {
        SipUri uri = SipUri.Parse("sip:x").With("pn-provider", Provider);
        if (Parameter is not null) uri = uri.With("pn-param", Parameter);
        if (!isRemoval) uri = uri.With("pn-prid", Prid);
        return uri.ToBytes()["sip:x".Length..];
    }

    /// <summary>Never the prid: who has it can have the phone woken.</summary>
    public override string ToString() => $"{Provider} {Parameter}".TrimEnd();
}

/// <summary>What the registrar's side says of waking this phone.</summary>
/// <param name="Provider">The push notification service that it uses.</param>
/// <param name="RefreshBefore">How long before its end the registration has to be renewed by the phone itself; zero when the phone is woken for that.</param>
/// <param name="Purr">By what requests in a dialog say that this phone is to be woken for them; null without one.</param>
/// <remarks>Source: RFC 8599 4.1.1, 4.1.4, 6.1.1; RFC 6809.</remarks>
public sealed record PushService(string Provider, TimeSpan RefreshBefore, string? Purr)
{
    /// <summary>Reads the Feature-Caps of a 2xx to a REGISTER.</summary>
    /// <returns>Null when nobody says that the phone will be woken.</returns>
    internal static PushService? Read(in SipMessageView response, PushParameters wanted)
    {
        foreach (HeaderValue value in response.Values(HeaderId.FeatureCaps))
        {
            if (!ParameterizedValueView.TryParse(value.Bytes, 0, out ParameterizedValueView caps) || !caps.Is("*"u8)) continue;
            if (!TryGet(caps.Parameters, "+sip.pns"u8, out string provider) || !provider.Equals(wanted.Provider, StringComparison.OrdinalIgnoreCase)) continue;
            bool isTimed = TryGet(caps.Parameters, "+sip.pnsreg"u8, out string seconds) & uint.TryParse(seconds, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint before);
            bool hasPurr = TryGet(caps.Parameters, "+sip.pnspurr"u8, out string purr) && purr.Length <= 1024 && purr.All(c => char.IsAsciiLetterOrDigit(c) || "-.*_+~'!".Contains(c, StringComparison.Ordinal));
            return new PushService(provider, isTimed ? TimeSpan.FromSeconds(before) : TimeSpan.Zero, hasPurr ? purr : null);
        }

        return null;
    }

    private static bool TryGet(ParametersView parameters, ReadOnlySpan<byte> name, out string value)
    {
        value = "";
        if (!parameters.TryGet(name, out ParameterView parameter) || parameter.RawValue is not [(byte)'"', .. var text, (byte)'"']) return false;
        value = WireText.From(text);
        return value.Length > 0;
    }
}
