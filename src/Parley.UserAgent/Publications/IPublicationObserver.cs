using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Publications;

/// <summary>Hears what becomes of a publication, on the lane.</summary>
public interface IPublicationObserver
{
    /// <summary>What was published stands, for this long; it is refreshed in time.</summary>
    void OnPublished(Publication publication, TimeSpan lifetime);

    /// <summary>It was refused, or nobody answered.</summary>
    /// <param name="publication">Which.</param>
    /// <param name="statusCode">300 to 699.</param>
    /// <param name="reasonPhrase">In words.</param>
    /// <param name="failure">Null when an answer came.</param>
    /// <param name="retryIn">When it is tried again; null when it is not.</param>
    void OnFailed(Publication publication, int statusCode, string reasonPhrase, RequestFailure? failure, TimeSpan? retryIn);

    /// <summary>It was removed.</summary>
    void OnRemoved(Publication publication);
}
