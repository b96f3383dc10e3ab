using Parley.Sip.Capabilities;

namespace Parley.Server.Proxy;

/// <summary>What all copies of a forwarded request have in common: decided once by the chain, kept for branches that start later.</summary>
/// <param name="Routes">What is taken from its Route.</param>
/// <param name="Mark">By what this server knows it again.</param>
/// <param name="RecordsRoute">True when this server stays on the path of the dialog that it makes.</param>
/// <param name="IsCallerBehindNat">True when requests in the dialog reach its sender by the flow it came over, and not by its Contact.</param>
/// <param name="IsSecure">True when it is for a <c>sips</c> URI, so that every hop has to be TLS (RFC 5630 5.3).</param>
/// <param name="MaxBreadth">How many branches at once it may have, here and further on (RFC 5393 5).</param>
/// <param name="Recurses">True when the contacts of a redirection are tried here, and not passed on (RFC 3261 16.5).</param>
/// <param name="AddsPath">True for a REGISTER whose registrar is to reach the phone through this server (RFC 3327).</param>
/// <param name="IsCallerKnown">True when its sender has proven to be a user of ours.</param>
/// <param name="Disposition">What the caller asks for in its treatment (RFC 3841 9.1).</param>
/// <param name="Timer">The session timer that this server wants.</param>
internal readonly record struct ForwardingPlan(RouteChanges Routes, LoopMark Mark, bool RecordsRoute, bool IsCallerBehindNat, bool IsSecure, int MaxBreadth, bool Recurses, bool AddsPath, SessionTimer Timer, bool IsCallerKnown, RequestDispositions Disposition);
