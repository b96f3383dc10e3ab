using Parley.UserAgent.Registrations;

namespace Parley.UserAgent;

/// <remarks>Being woken by push notifications (RFC 8599).</remarks>
public sealed partial class SipUserAgent
{
    /// <summary>Who wakes this phone when it sleeps, as the last answer to its registration says; null when nobody does.</summary>
    /// <remarks>A phone that a push notification has woken calls <see cref="RegisterAsync"/> once more, which renews the registration at once (RFC 8599 4.1.3).</remarks>
    public PushService? PushService => _core.PushService;
}
