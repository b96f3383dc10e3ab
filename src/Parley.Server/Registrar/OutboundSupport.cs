using System.Buffers.Text;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Whether the contacts of a REGISTER are bound to the flow that they came over, as their reg-id asks.</summary>
/// <remarks>
/// They are when the phone is one hop away, or when the proxy that it is one hop away from says so in its Path (<c>ob</c>). What the request
/// says is only looked at once a reg-id comes. Source: RFC 5626 6.
/// </remarks>
internal ref struct OutboundSupport(SipMessageView request)
{
    private readonly SipMessageView _request = request;
    private bool _isLookedAt;
    private bool _isPossible;

    /// <summary>True when the phone has it (<c>Supported: outbound</c>); known once a reg-id has come.</summary>
    public bool IsOffered { get; private set; }

    /// <summary>True when a contact has a reg-id that counts.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>True when a phone that has it asks for it, and the first hop has not: 439.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>True when a contact with an instance leads back to the address of record.</summary>
    public bool IsLoop { get; set; }

    /// <summary>Writes the reg-id of a contact, where it counts, as the first of its parameters.</summary>
    /// <returns>Bytes written; 0 when there is none, or it is to be ignored.</returns>
    public int Use(scoped ParametersView contact, scoped Span<byte> destination)
    {
        if (!contact.TryGet("reg-id"u8, out ParameterView parameter) || !contact.TryGet("+sip.instance"u8, out ParameterView instance) || instance.RawValue.IsEmpty) return 0;
        if (!Utf8Parser.TryParse(parameter.RawValue, out uint regId, out int read) || read != parameter.RawValue.Length || regId == 0) return 0;
        Look();
        if (!_isPossible)
        {
            IsRefused |= IsOffered;
            return 0;
        }

        IsUsed = true;
        BindingSet.RegIdPrefix.CopyTo(destination);
        Utf8Formatter.TryFormat(regId, destination[BindingSet.RegIdPrefix.Length..], out int written);
        return BindingSet.RegIdPrefix.Length + written;
    }

    private void Look()
    {
        if (_isLookedAt) return;
        _isLookedAt = true;
        foreach (HeaderValue tag in _request.Values(HeaderId.Supported)) IsOffered |= System.Text.Ascii.EqualsIgnoreCase(tag.Bytes, "outbound"u8);
        _isPossible = SourceFlow.IsFromPhone(_request) || HasOutboundPath();
    }

    /// <summary>The phone's first hop is the last value; one that a proxy behind it has added before does not matter.</summary>
    private readonly bool HasOutboundPath()
    {
        HeaderValue last = default;
        foreach (HeaderValue value in _request.Values(HeaderId.Path)) last = value;
        return NameAddressView.TryParse(last, out NameAddressView address) && address.TryGetUri(out SipUriView uri) && uri.Parameters.TryGet("ob"u8, out _);
    }
}
