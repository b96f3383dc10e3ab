namespace Parley.Server.Configuration;

/// <summary>Puts a value into a configuration.</summary>
/// <param name="value">What was written.</param>
/// <param name="configuration">The configuration; replaced when the value is good.</param>
/// <param name="reason">What is wrong where more can be said than what is allowed; otherwise left alone.</param>
/// <returns>False when the value is not allowed.</returns>
internal delegate bool ConfigurationSetter(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason);

/// <summary>A key of the configuration: one row of <see cref="ConfigurationKeys"/>.</summary>
/// <param name="Name">With its section, as <c>registrar.minExpires</c>.</param>
/// <param name="Allowed">What its values are, for messages.</param>
/// <param name="CanReload">True when a running server takes a new value.</param>
/// <param name="Show">The value in a configuration, as the documentation writes it and as reloads compare it.</param>
/// <param name="Set">Puts a value in.</param>
internal sealed record ConfigurationKey(string Name, string Allowed, bool CanReload, Func<ParleyConfiguration, string> Show, ConfigurationSetter Set)
{
    /// <summary>The section, empty for none.</summary>
    public string Section => Name.Contains('.', StringComparison.Ordinal) ? Name[..Name.IndexOf('.', StringComparison.Ordinal)] : "";

    /// <summary>The name within its section.</summary>
    public string Leaf => Name[(Name.IndexOf('.', StringComparison.Ordinal) + 1)..];
}
