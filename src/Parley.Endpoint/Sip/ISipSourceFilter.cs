using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>Decides by where a message came from, and before any work, whether it is looked at.</summary>
/// <remarks>Asked on every lane at once.</remarks>
public interface ISipSourceFilter
{
    /// <summary>False while nobody is refused. Read for each message, so it must cost nothing.</summary>
    bool IsActive { get; }

    /// <summary>True when what comes from there is to be dropped, and its connection closed.</summary>
    /// <param name="remote">The other side.</param>
    /// <param name="now">Wall-clock time.</param>
    bool Refuses(NetworkAddress remote, DateTimeOffset now);
}
