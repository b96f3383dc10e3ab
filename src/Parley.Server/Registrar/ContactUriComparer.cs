using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Contacts are the same when their URIs are equivalent: SIP, SIPS and tel URIs by their rules, others byte by byte.</summary>
/// <remarks>A phone that comes with <c>sips</c> where it had <c>sip</c>, or the other way round, replaces its binding. Source: RFC 3261 10.3 step 7, 19.1.4; RFC 3966 5; RFC 5630 5.1.1.1.</remarks>
internal sealed class ContactUriComparer : IContactComparer
{
    /// <inheritdoc/>
    public bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.SequenceEqual(right)
        || (SipUriView.TryParse(left, out SipUriView leftUri) && SipUriView.TryParse(right, out SipUriView rightUri) && SipUriView.SameResource(leftUri, rightUri));
}
