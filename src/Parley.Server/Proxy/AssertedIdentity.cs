using Parley.Core;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>P-Asserted-Identity: who a caller is by our word, for those who believe it; and nobody else's word for it.</summary>
/// <remarks>
/// The trust domain is this server and the networks of <c>trusted</c>: gateways, trunks, other proxies of the same house. Phones are outside of it, so
/// what they assert is taken out. Source: RFC 3325 5 to 7.
/// </remarks>
internal static class AssertedIdentity
{
    /// <summary>Changes a request.</summary>
    /// <param name="edits">Its edits.</param>
    /// <param name="request">The request as received.</param>
    /// <param name="server">Whom this server trusts, and whom it tells.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="next">Where it goes.</param>
    /// <param name="isCallerKnown">True when the caller has proven to be one of our users.</param>
    public static void Apply(SipEdits edits, scoped in SipMessageView request, ServerState server, NetworkAddress source, NetworkAddress next, bool isCallerKnown)
    {
        bool isAsserted = request.Has(HeaderId.PAssertedIdentity), isPreferred = request.Has(HeaderId.PPreferredIdentity);
        if (!isAsserted && !isPreferred && !isCallerKnown) return;
        ParleyConfiguration configuration = server.Configuration;
        bool isNextTrusted = configuration.IsTrusted(next);
        bool isForNobody = !isNextTrusted && PrivacyValues.Ask(request, "id"u8);
        if (isCallerKnown || !configuration.IsTrusted(source))
        {
            if (isAsserted) edits.RemoveHeader(request, HeaderId.PAssertedIdentity);
            if (isPreferred) edits.RemoveHeader(request, HeaderId.PPreferredIdentity);
            if (isCallerKnown && !isForNobody && IsTold(configuration.Proxy.AssertIdentity, isNextTrusted)) Assert(edits, request, server);
        }
        else if (isAsserted && isForNobody)
        {
            edits.RemoveHeader(request, HeaderId.PAssertedIdentity);
        }
    }

    /// <summary>Changes a response.</summary>
    public static void Apply(SipEdits edits, scoped in SipMessageView response, ServerState server, NetworkAddress source)
    {
        if (!response.Has(HeaderId.PAssertedIdentity)) return;
        if (!server.Configuration.IsTrusted(source) || PrivacyValues.Ask(response, "id"u8)) edits.RemoveHeader(response, HeaderId.PAssertedIdentity);
    }

    private static bool IsTold(IdentityAssertion rule, bool isNextTrusted) =>
        rule == IdentityAssertion.Always || (rule == IdentityAssertion.Trusted && isNextTrusted);

    private static void Assert(SipEdits edits, SipMessageView request, ServerState server)
    {
        if (!CallerIdentity.TryRead(request, server, out SipUriView uri, out DomainOptions? domain) || domain is null) return;
        Span<byte> value = stackalloc byte[(3 * AddressOfRecord.MaxUserBytes) + AddressOfRecord.MaxDomainBytes + 8];
        if (uri.User.Length + domain.NameUtf8.Length + 8 > value.Length) return;
        var writer = new SpanWriter(value);
        writer.Write("<sip:"u8);
        writer.Write(uri.User);
        writer.Write("@"u8);
        writer.Write(domain.NameUtf8.AsSpan());
        writer.Write(">"u8);
        edits.AppendValue(request, HeaderId.PAssertedIdentity, value[..writer.Written]);
    }

    private ref struct SpanWriter(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Written { get; private set; }

        public void Write(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_destination[Written..]);
            Written += text.Length;
        }
    }
}
