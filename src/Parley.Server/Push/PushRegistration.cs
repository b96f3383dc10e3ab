using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Push;

/// <summary>What the contacts of a REGISTER say of push notifications, and what the phone is told of them.</summary>
/// <remarks>Source: RFC 8599 4.1, 5.4, 5.6.1.</remarks>
internal struct PushRegistration
{
    /// <summary>The answer where no push notification service is served that the phone has.</summary>
    public const int NotSupported = 555;

    /// <summary>How long before the end of its binding a phone that can refresh it by itself is told to do so: before it would be woken for it.</summary>
    public const int RefreshSeconds = 180;

    /// <summary>The services that are named to the phone: a bit for each of <see cref="PushOptions.Providers"/>.</summary>
    public uint Providers { get; private set; }

    /// <summary>True when a contact is to be woken by this server.</summary>
    public bool IsRequested { get; private set; }

    /// <summary>True when the phone says that it refreshes its bindings by itself.</summary>
    public bool IsSelfRefreshing { get; private set; }

    /// <summary>True when a proxy before this server wakes the phone (RFC 8599 5.6.1.1).</summary>
    public bool IsElsewhere { get; private set; }

    /// <summary>True when a phone wants a service that nobody serves.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>In the place of the flow of a binding: another server wakes its phone.</summary>
    public static ReadOnlySpan<byte> Elsewhere => "pushed elsewhere"u8;

    /// <summary>Reads a contact.</summary>
    /// <param name="request">The REGISTER.</param>
    /// <param name="options">What this server serves.</param>
    /// <param name="contact">The contact's URI.</param>
    /// <param name="parameters">The contact's parameters.</param>
    /// <param name="isRemoved">True when it is to be removed.</param>
    /// <returns>True when the phone is to be woken, by whomever.</returns>
    public bool Read(scoped in SipMessageView request, PushOptions options, scoped in SipUriView contact, scoped ParametersView parameters, bool isRemoved)
    {
        if (!PushParameters.TryRead(contact, out PushParameters push)) return false;
        if (push.Provider.IsEmpty)
        {
            Providers |= uint.MaxValue >> (32 - options.Providers.Length);      // RFC 8599 5.6.1.2: which are there?
            return false;
        }

        if (IsServedBefore(request, push.Provider))
        {
            IsElsewhere = !push.Prid.IsEmpty;
            return IsElsewhere;
        }

        int service = options.IndexOf(push.Provider);
        if (isRemoved || service < 0 || (!push.Prid.IsEmpty && !push.IsComplete))
        {
            IsRefused |= !isRemoved;
            return false;
        }

        Providers |= 1u << service;
        if (push.Prid.IsEmpty) return false;
        IsRequested = true;
        IsSelfRefreshing |= parameters.TryGet("+sip.pnsreg"u8, out _);
        return true;
    }

    /// <summary>True when a binding's parameters say that the phone refreshes it by itself.</summary>
    public static bool RefreshesItself(ReadOnlySpan<byte> parameters) => new ParametersView(parameters, 0).TryGet("+sip.pnsreg"u8, out _);

    /// <summary>True when a proxy that the REGISTER came by says that it serves a service.</summary>
    /// <remarks><c>Feature-Caps: *;+sip.pns="apns"</c>: RFC 6809 6, RFC 8599 8.2.</remarks>
    private static bool IsServedBefore(scoped in SipMessageView request, scoped ReadOnlySpan<byte> provider)
    {
        if (!request.Has(HeaderId.FeatureCaps)) return false;
        foreach (HeaderValue value in request.Values(HeaderId.FeatureCaps))
        {
            if (!ParameterizedValueView.TryParse(value.Bytes, 0, out ParameterizedValueView caps) || !caps.Parameters.TryGet("+sip.pns"u8, out ParameterView pns)) continue;
            if (pns.RawValue is [(byte)'"', .. var name, (byte)'"'] && System.Text.Ascii.EqualsIgnoreCase(name, provider)) return true;
        }

        return false;
    }
}
