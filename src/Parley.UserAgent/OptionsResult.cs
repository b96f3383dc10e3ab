namespace Parley.UserAgent;

/// <summary>The answer to an OPTIONS.</summary>
/// <param name="StatusCode">200 to 699; an answer of any status shows that somebody is there.</param>
/// <param name="ReasonPhrase">Its phrase.</param>
/// <param name="RoundTrip">From the sending of the request that it answers.</param>
/// <param name="Allow">The methods that are allowed there; empty when it does not say.</param>
/// <param name="Product">What the other side says it is; null when it does not say.</param>
public sealed record OptionsResult(int StatusCode, string ReasonPhrase, TimeSpan RoundTrip, IReadOnlyList<string> Allow, string? Product)
{
    /// <summary>True for a 2xx.</summary>
    public bool IsSuccess => StatusCode is >= 200 and < 300;
}
