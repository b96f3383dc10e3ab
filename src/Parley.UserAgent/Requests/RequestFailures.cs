namespace Parley.UserAgent.Requests;

/// <summary>What the ways in which a request gets no final response mean to people.</summary>
internal static class RequestFailures
{
    /// <summary>The status that stands for a failure, and one line on what happened.</summary>
    /// <param name="failure">Which.</param>
    /// <param name="whom">Who was asked, at the beginning of a sentence.</param>
    /// <remarks>Source: RFC 3261 8.1.3.1.</remarks>
    public static (int StatusCode, string ReasonPhrase) Describe(this RequestFailure failure, string whom) => failure switch
    {
        RequestFailure.NotLocated => (503, $"{whom}'s address is not known"),
        RequestFailure.TimedOut => (408, $"{whom} does not answer"),
        RequestFailure.Overloaded => (503, "Too many requests are under way"),
        RequestFailure.TooLong => (513, "It is longer than it may be"),
        _ => (503, $"{whom} cannot be reached"),
    };
}
