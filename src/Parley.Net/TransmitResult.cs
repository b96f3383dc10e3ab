namespace Parley.Net;

/// <summary>What the system says when it takes no datagram.</summary>
internal static class TransmitResult
{
    /// <summary>Not now.</summary>
    public const int WouldBlock = -1;

    /// <summary>Not this one: no route, too long, not allowed.</summary>
    public const int Refused = -2;
}
