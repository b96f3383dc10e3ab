namespace Parley.Net.Streams;

/// <summary>What a call of the system returns that moved no bytes.</summary>
internal static class SocketResult
{
    /// <summary>Not now.</summary>
    public const int WouldBlock = -1;

    /// <summary>Never again.</summary>
    public const int Failed = -2;
}
