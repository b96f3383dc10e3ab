using System.Globalization;
using Parley.Core;

namespace Parley.Server.Configuration;

/// <summary>A network in CIDR form: <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or one address.</summary>
/// <param name="Network">An address of the network; its port does not count.</param>
/// <param name="Length">How many of its first bits count: 0 to 32 or 0 to 128.</param>
/// <remarks>Source: RFC 4632 3.1 and RFC 4291 2.3.</remarks>
public readonly record struct NetworkPrefix(NetworkAddress Network, int Length)
{
    /// <summary>True when the address lies in this network, whatever its port.</summary>
    public bool Contains(NetworkAddress address) => address.IsWithin(Network, Length);

    /// <summary>Reads the CIDR form; without a length it is the one address.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NetworkPrefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        if (!NetworkAddress.TryParseHost(slash < 0 ? text : text[..slash], 0, out NetworkAddress network)) return false;
        int longest = network.IsIPv4 ? 32 : 128;
        int length = longest;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > longest)) return false;
        prefix = new NetworkPrefix(network, length);
        return true;
    }

    /// <summary>The CIDR form.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Network.HostToString().Trim('[', ']')}/{Length}");
}
