using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Registrations;

/// <summary>Hears what becomes of a registration, on its lane.</summary>
public interface IRegistrationObserver
{
    /// <summary>The registrar has the binding, again or for the first time.</summary>
    /// <param name="lifetime">How long it keeps it; it is renewed before.</param>
    void OnRegistered(TimeSpan lifetime)
    {
    }

    /// <summary>The registrar refused, or could not be asked.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="retryIn">When it is tried again; null when it is not.</param>
    void OnFailed(RegistrationFailure failure, TimeSpan? retryIn)
    {
    }

    /// <summary>The binding was removed, or left to expire because the registrar could not be asked.</summary>
    void OnUnregistered()
    {
    }
}

/// <summary>Why a registration failed.</summary>
/// <param name="StatusCode">What the registrar said; 408 for no answer, 503 when it could not be reached.</param>
/// <param name="ReasonPhrase">Its phrase, or one line on what happened.</param>
/// <param name="Failure">Why there is no answer; null when there is one.</param>
public sealed record RegistrationFailure(int StatusCode, string ReasonPhrase, RequestFailure? Failure)
{
    internal static RegistrationFailure From(RequestFailure failure)
    {
        (int statusCode, string reasonPhrase) = failure.Describe("The registrar");
        return new RegistrationFailure(statusCode, reasonPhrase, failure);
    }
}
