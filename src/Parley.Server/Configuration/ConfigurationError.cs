namespace Parley.Server.Configuration;

/// <summary>Why a configuration cannot be used.</summary>
/// <param name="Message">One line for people: where it is, which key, what is wrong and what is allowed.</param>
/// <param name="Key">The key with its section, as <c>registrar.minExpires</c>; null when it is about the whole file.</param>
public sealed record ConfigurationError(string Message, string? Key = null)
{
    /// <summary>The message.</summary>
    public override string ToString() => Message;
}
