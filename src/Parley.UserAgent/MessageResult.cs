namespace Parley.UserAgent;

/// <summary>What became of a text.</summary>
/// <param name="StatusCode">200: it was delivered. 202: a server has taken it and delivers it later.</param>
/// <param name="ReasonPhrase">Its phrase.</param>
/// <remarks>Source: RFC 3428 7.</remarks>
public sealed record MessageResult(int StatusCode, string ReasonPhrase)
{
    /// <summary>True when it is with the other side, false when a server keeps it for later.</summary>
    public bool IsDelivered => StatusCode != 202;
}
