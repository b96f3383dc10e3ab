using Parley.Core;

namespace Parley.Server.Protection;

/// <summary>Somebody who is shut out for a while because he failed to authenticate too often.</summary>
/// <param name="Source">An address with port 0; of IPv6 the first one of its /64.</param>
/// <param name="User">The address of record whose passwords were tried; empty when the whole source is banned.</param>
/// <param name="Port">The port of the flow that tried them, of which nothing is heard any more; 0 for none.</param>
/// <param name="Failures">Wrong passwords that were counted.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends.</param>
/// <param name="Times">How often it was banned within the last time, this one included.</param>
public sealed record Ban(NetworkAddress Source, string User, ushort Port, int Failures, DateTimeOffset Since, DateTimeOffset Until, int Times)
{
    /// <summary>The source as people write it: <c>192.0.2.1</c>, <c>2001:db8::/64</c>.</summary>
    public string ShownSource => Source.IsIPv6 ? Protection.Source.Show(Source) + "/64" : Protection.Source.Show(Source);
}
