using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Contacts are the same when their URIs are equivalent: SIP, SIPS and tel URIs by their rules, others byte by byte.</summary>
/// <remarks>Source: RFC 3261 10.3 step 7, 19.1.4; RFC 3966 5.</remarks>
internal sealed class ContactUriComparer : IContactComparer
{
    /// <inheritdoc/>
    public bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        left.SequenceEqual(right)
        || (SipUriView.TryParse(left, out SipUriView leftUri) && SipUriView.TryParse(right, out SipUriView rightUri) && SipUriView.Equivalent(leftUri, rightUri));
}
