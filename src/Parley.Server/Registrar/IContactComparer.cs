namespace Parley.Server.Registrar;

/// <summary>Says whether two contact addresses are the same binding.</summary>
/// <remarks>RFC 3261 10.3 step 7 and 19.1.4: SIP URIs by their rules, other schemes by theirs. The relation need not be transitive. Called by the lane that applies an update, one at a time.</remarks>
internal interface IContactComparer
{
    /// <summary>True when the URIs (without angle brackets) are equivalent.</summary>
    bool AreEquivalent(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right);
}
