namespace Parley.UserAgent.Requests;

/// <summary>Why a request got no final response.</summary>
public enum RequestFailure
{
    /// <summary>The host that it goes to has no address, or no transport leads there.</summary>
    NotLocated,

    /// <summary>No answer in time: to be treated as a 408.</summary>
    TimedOut,

    /// <summary>It could not be delivered: to be treated as a 503.</summary>
    TransportFailed,

    /// <summary>The lane has as many transactions as it may.</summary>
    Overloaded,

    /// <summary>It is longer than it may be.</summary>
    TooLong,

    /// <summary>It was taken back before anything was sent.</summary>
    Cancelled,
}
