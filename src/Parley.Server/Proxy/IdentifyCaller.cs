using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Authentication;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Finds out who calls: a request that says it is from one of our users must prove it.</summary>
/// <remarks>
/// Not asked for proof: requests from trusted networks, requests of dialogs that were let through, and a request that was
/// here before and came back (its credentials were taken out then; it may reach our users as a stranger's may). An ACK
/// cannot be challenged. Source: RFC 3261 16.3 step 6, 22.1, 22.3.
/// </remarks>
internal sealed class IdentifyCaller(ServerState server, CredentialsCheck credentials) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Caller != CallerKind.Stranger) return StepResult.Continue;
        if (request.Configuration.IsTrusted(request.Incoming.Flow.Remote))
        {
            request.Caller = CallerKind.Trusted;
            return StepResult.Continue;
        }

        if (request.Method == SipMethod.Ack) return StepResult.Continue;
        // Whom a broken URI means is anybody's guess, also the callee's: nobody is to be taken for one of our users by it.
        if (!CallerIdentity.TryRead(request.Message, server, out SipUriView uri, out DomainOptions? domain)) return request.Reply(new SipReply(400) { ReasonPhrase = "Malformed From"u8 });
        if (domain is null || request.Passage == Passage.Spiral) return StepResult.Continue;

        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        switch (credentials.Check(request, HeaderId.ProxyAuthorization, domain, user, out int length))
        {
            case CredentialsResult.Ok when IsUser(uri, domain, user[..length]):
                request.Caller = CallerKind.LocalUser;
                return StepResult.Continue;

            case CredentialsResult.Ok:
                return request.Reply(new SipReply(403) { ReasonPhrase = "From Is Another User"u8 });

            case CredentialsResult.Missing:
                return credentials.Challenge(ref request, 407, domain, isStale: false);

            case CredentialsResult.Stale:
                return credentials.Challenge(ref request, 407, domain, isStale: true);

            case CredentialsResult.Held:
                return StepResult.Done;

            case CredentialsResult.Malformed:
                return request.Reply(new SipReply(400) { ReasonPhrase = "Malformed Proxy-Authorization"u8 });

            case CredentialsResult.WrongUri:
                return request.Reply(new SipReply(400) { ReasonPhrase = "Proxy-Authorization for Another URI"u8 });

            default:
                return request.Server.RunAgainWithFreshAccounts(ref request) ? StepResult.Done : request.Reply(403);
        }
    }

    private static bool IsUser(scoped in SipUriView from, DomainOptions domain, scoped ReadOnlySpan<byte> user)
    {
        Span<byte> claimed = stackalloc byte[AddressOfRecord.MaxBytes];
        return AddressOfRecord.TryFormat(from.User, domain.NameUtf8.AsSpan(), claimed, out int length) && claimed[..length].SequenceEqual(user);
    }
}
