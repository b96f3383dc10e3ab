using System.Collections.Immutable;
using Parley.Sip.Authentication;

namespace Parley.Server.Configuration;

/// <summary>How users prove who they are.</summary>
public sealed record AuthenticationOptions
{
    /// <summary>The digest algorithms that challenges offer and credentials may use, the most preferred first.</summary>
    /// <value>
    /// Each once, at least one. Default MD5 alone: phones that know no other, such as baresip 1.0, give up when another one stands beside it,
    /// against RFC 8760 2.4. Where all phones know SHA-256, "SHA-256 MD5" or "SHA-256" is better.
    /// </value>
    public ImmutableArray<DigestAlgorithm> Algorithms { get; init; } = [DigestAlgorithm.Md5];
}
