using Parley.UserAgent.Requests;

namespace Parley.UserAgent;

/// <summary>A request was refused, or got no answer.</summary>
public sealed class SipRequestException : Exception
{
    internal SipRequestException(string what, int statusCode, string reasonPhrase, RequestFailure? failure)
        : base($"{what} failed: {statusCode} {reasonPhrase}.") => (StatusCode, ReasonPhrase, Failure) = (statusCode, reasonPhrase, failure);

    /// <summary>The SIP status; 408 for no answer, 503 when nobody could be reached.</summary>
    public int StatusCode { get; }

    /// <summary>The phrase that came with it, or one line on what happened.</summary>
    public string ReasonPhrase { get; }

    /// <summary>Why there is no answer; null when there is one.</summary>
    public RequestFailure? Failure { get; }
}
