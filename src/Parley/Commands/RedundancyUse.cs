namespace Parley.Commands;

/// <summary>Whether sound goes more than once when packets get lost.</summary>
/// <remarks>No truth value: System.CommandLine takes what follows such an option for its value only when it is "true" or "false".</remarks>
internal enum RedundancyUse
{
    /// <summary>Where the other side takes it, as much as the losses it reports call for.</summary>
    Auto,

    /// <summary>Never.</summary>
    Off,
}
