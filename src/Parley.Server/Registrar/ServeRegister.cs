using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Authentication;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>The registrar: takes a REGISTER for one of our domains, checks who sends it and what it asks, and hands it to the location service.</summary>
/// <remarks>
/// A REGISTER is challenged wherever it comes from, and a user may only register himself. The answer goes out when the
/// change is saved (<see cref="Registration"/>). Source: RFC 3261 10.3.
/// </remarks>
internal sealed class ServeRegister(ServerState server, CredentialsCheck credentials, RegistrationPool registrations) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Register || request.Domain is not { Role: not DomainRole.Edge } domain || request.HasNextRoute) return StepResult.Continue;

        // Steps 1 and 2; the Request-URI names a domain and no user (RFC 3261 10.2).
        if (request.RequestUri.HasUser) return request.Reply(new SipReply(400) { ReasonPhrase = "REGISTER for a User"u8 });
        if (UserAgentServerRules.Check(ref request) == StepResult.Done) return StepResult.Done;

        // Steps 3, 4 and 5.
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!TryReadAddressOfRecord(request.Message, domain, addressOfRecord, out int length)) return request.Reply(404);
        StepResult identified = Identify(ref request, domain, user, out int userLength);
        if (identified == StepResult.Done) return identified;
        if (!user[..userLength].SequenceEqual(addressOfRecord[..length])) return request.Reply(new SipReply(403) { ReasonPhrase = "Not Your Address"u8 });

        if (request.Configuration.Registrar.RequirePath && request.Message.Has(HeaderId.Path) && !request.Message.HasToken(HeaderId.Supported, "path"u8))
        {
            return request.Reply(new SipReply(420) { Headers = "Unsupported: path\r\n"u8 });     // RFC 3327 5.3
        }

        // Steps 6 and 7.
        Registration registration = registrations.Rent();
        if (RegistrationReader.TryFill(registration, request.Message, request.Incoming.Flow, addressOfRecord[..length], server.Push?.Options, out int status, out ReadOnlySpan<byte> problem))
        {
            return registration.Submit(ref request);
        }

        registrations.Return(registration);
        return request.Reply(new SipReply(status) { ReasonPhrase = problem });
    }

    private StepResult Identify(ref RequestContext request, DomainOptions domain, scoped Span<byte> user, out int length)
    {
        switch (credentials.Check(request, HeaderId.Authorization, domain, user, out length))
        {
            case CredentialsResult.Ok:
                return StepResult.Continue;

            case CredentialsResult.Missing:
                return credentials.Challenge(ref request, 401, domain, isStale: false);

            case CredentialsResult.Stale:
                return credentials.Challenge(ref request, 401, domain, isStale: true);

            case CredentialsResult.Held:
                return StepResult.Done;

            case CredentialsResult.Malformed:
                return request.Reply(new SipReply(400) { ReasonPhrase = "Malformed Authorization"u8 });

            case CredentialsResult.WrongUri:
                return request.Reply(new SipReply(400) { ReasonPhrase = "Authorization for Another URI"u8 });

            default:
                return request.Server.RunAgainWithFreshAccounts(ref request) ? StepResult.Done : request.Reply(403);
        }
    }

    /// <summary>The address of record is the To, which must be in the domain that the request is for.</summary>
    private bool TryReadAddressOfRecord(scoped in SipMessageView request, DomainOptions domain, scoped Span<byte> addressOfRecord, out int length)
    {
        length = 0;
        return request.TryGetTo(out NameAddressView to) == HeaderStatus.Ok
            && to.TryGetUri(out SipUriView uri)
            && ReferenceEquals(server.FindDomain(uri), domain)
            && AddressOfRecord.TryFormat(uri.User, domain.NameUtf8.AsSpan(), addressOfRecord, out length);
    }
}
