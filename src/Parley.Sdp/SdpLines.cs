using Parley.Core;

namespace Parley.Sdp;

/// <summary>Who made a session description, and which edition of it this is: the <c>o=</c> line.</summary>
/// <param name="UserName">The user on the originating host; <c>-</c> when there is no such thing.</param>
/// <param name="SessionId">Unique for the user and host; digits, kept as they came.</param>
/// <param name="SessionVersion">Grows by one with each changed description of the session.</param>
/// <param name="AddressType"><c>IP4</c> or <c>IP6</c>.</param>
/// <param name="Address">Address or host name of the originating host.</param>
/// <param name="NetworkType"><c>IN</c>.</param>
/// <remarks>Source: RFC 8866 5.2.</remarks>
public sealed record SdpOrigin(
    string UserName, string SessionId, ulong SessionVersion, string AddressType, string Address, string NetworkType = "IN");

/// <summary>Where media goes: a <c>c=</c> line.</summary>
/// <param name="AddressType"><c>IP4</c> or <c>IP6</c>.</param>
/// <param name="Address">An address or host name; a multicast address with <c>/ttl</c> and <c>/count</c> behind it.</param>
/// <param name="NetworkType"><c>IN</c>.</param>
/// <remarks>Source: RFC 8866 5.7.</remarks>
public sealed record SdpConnection(string AddressType, string Address, string NetworkType = "IN")
{
    /// <summary>The line for an address.</summary>
    public static SdpConnection From(NetworkAddress address)
    {
        string host = address.HostToString();
        return address.IsIPv6 ? new SdpConnection("IP6", host[1..^1]) : new SdpConnection("IP4", host);
    }

    /// <summary>The address with a port, when it is numeric and unicast.</summary>
    /// <returns>False for a host name, a multicast address and other networks.</returns>
    public bool TryGetAddress(ushort port, out NetworkAddress address)
    {
        if (NetworkType == "IN" && NetworkAddress.TryParseHost(Address, port, out address) && !IsMulticast) return true;
        address = default;
        return false;
    }

    /// <summary>True for <c>0.0.0.0</c>, which says "send me nothing" (RFC 3264 8.4), and for its IPv6 relative <c>::</c>.</summary>
    public bool IsUnspecified => NetworkAddress.TryParseHost(Address, 0, out NetworkAddress address) && address.IsAny;

    /// <summary>True for a multicast address.</summary>
    public bool IsMulticast
    {
        get
        {
            int slash = Address.IndexOf('/', StringComparison.Ordinal);
            ReadOnlySpan<char> host = slash < 0 ? Address : Address.AsSpan(0, slash);
            if (!NetworkAddress.TryParseHost(host, 0, out NetworkAddress address)) return false;
            Span<byte> bytes = stackalloc byte[16];
            address.WriteBytes(bytes);
            return address.IsIPv4 ? bytes[0] >> 4 == 0xE : bytes[0] == 0xFF;
        }
    }
}

/// <summary>A proposed bandwidth: a <c>b=</c> line.</summary>
/// <param name="Type"><c>CT</c>, <c>AS</c>, <c>TIAS</c>, <c>RS</c>, <c>RR</c> or another.</param>
/// <param name="Value">In the type's unit: kilobit/s for CT and AS, bit/s for the others.</param>
/// <remarks>Source: RFC 8866 5.8, RFC 3556, RFC 3890.</remarks>
public sealed record SdpBandwidth(string Type, ulong Value);

/// <summary>When a session takes place: a <c>t=</c> line with its <c>r=</c> and <c>z=</c> lines.</summary>
/// <param name="Start">Seconds since 1900, 0 for "always".</param>
/// <param name="Stop">Seconds since 1900, 0 for "without end".</param>
/// <remarks>Source: RFC 8866 5.9 to 5.11.</remarks>
public sealed record SdpTime(ulong Start, ulong Stop)
{
    /// <summary><c>t=0 0</c>: what a call has.</summary>
    public static SdpTime Permanent { get; } = new(0, 0);

    /// <summary>The texts of the <c>r=</c> lines.</summary>
    public SdpList<string> Repeats { get; init; } = [];

    /// <summary>The text of the <c>z=</c> line.</summary>
    public string? Zone { get; init; }
}

/// <summary>An attribute: an <c>a=</c> line.</summary>
/// <param name="Name">Before the colon.</param>
/// <param name="Value">Behind it; null when there is no colon.</param>
/// <remarks>Source: RFC 8866 5.13.</remarks>
public sealed record SdpAttribute(string Name, string? Value = null);
