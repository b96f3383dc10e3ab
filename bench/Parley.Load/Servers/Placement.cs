using Parley.Load.Measuring;

namespace Parley.Load.Servers;

/// <summary>Which processor cores servers and this tool have, so that neither takes the other's time.</summary>
/// <param name="ServerCores">The servers'; none for all.</param>
/// <param name="HasOwnCore">True when this tool has one to itself, and may keep it busy.</param>
internal sealed record Placement(int[] ServerCores, bool HasOwnCore)
{
    /// <summary>Places this process, and says where servers go: they on the first cores, it on the next one.</summary>
    /// <param name="serverCores">How many cores servers need.</param>
    /// <returns>A placement without cores when there are too few.</returns>
    public static Placement Take(int serverCores)
    {
        if (Cores.Count <= serverCores) return new Placement([], false);
        Cores.PinThisProcess(serverCores);
        return new Placement([.. Enumerable.Range(0, serverCores)], true);
    }
}
