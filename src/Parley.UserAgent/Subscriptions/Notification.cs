using Parley.Sip.Events;

namespace Parley.UserAgent.Subscriptions;

/// <summary>What one NOTIFY told.</summary>
/// <param name="Status">Where the subscription is, as the notifier says.</param>
/// <param name="Notifier">The URI of the notifier that sent it: a SUBSCRIBE that was forked may have several.</param>
/// <param name="ContentType">Media type of the body with its parameters; empty without a body.</param>
/// <param name="Body">The body.</param>
public sealed record Notification(SubscriptionStatus Status, string Notifier, string ContentType, ReadOnlyMemory<byte> Body);
