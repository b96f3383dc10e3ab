using Parley.UserAgent.Registrations;

namespace Parley.UserAgent;

/// <summary>Something that happened to the agent's registration. <see cref="SipUserAgent.RegistrationChanges"/> gives them in order.</summary>
/// <param name="State">Where the registration is now.</param>
/// <param name="Lifetime">How long the registrar keeps the binding; null when it was not just registered.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
/// <param name="RetryIn">When it is tried again; null when it is not.</param>
public sealed record RegistrationChange(RegistrationState State, TimeSpan? Lifetime = null, RegistrationFailure? Failure = null, TimeSpan? RetryIn = null);
