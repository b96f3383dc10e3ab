namespace Parley.Server.Push;

/// <summary>A push notification that is to be sent to a phone.</summary>
/// <param name="Phone">Which.</param>
/// <param name="Cause">What it is woken for; null to refresh its binding.</param>
internal sealed record PushRequest(PhoneToWake Phone, PushCause? Cause);

/// <summary>The request that a phone is woken for.</summary>
/// <param name="Method">Its method.</param>
/// <param name="From">The URI of From.</param>
/// <param name="Name">The display name of From; empty for none.</param>
/// <param name="CallId">Call-ID.</param>
internal sealed record PushCause(string Method, string From, string Name, string CallId);

/// <summary>Has push notifications sent.</summary>
internal interface IPushService
{
    /// <summary>Takes a request. Any thread; does not wait.</summary>
    /// <param name="request">The request.</param>
    /// <param name="done">Told once, on any thread, whether the push notification service has taken it.</param>
    /// <returns>False when there is too much to do: nobody is told.</returns>
    bool TrySend(PushRequest request, Action<PushRequest, bool> done);
}
