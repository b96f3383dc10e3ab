using System.Buffers;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.Server.Authentication;

/// <summary>Challenges requests and checks what answers the challenges, against the accounts. One lane owns it.</summary>
/// <remarks>Source: RFC 3261 22.1 to 22.3, RFC 8760.</remarks>
internal sealed class CredentialsCheck
{
    private readonly ServerState _server;
    private readonly TimeProvider _time;
    private readonly DigestAuthenticator _digest;
    private readonly ArrayBufferWriter<byte> _account = new();
    private byte[] _challenges = new byte[1024];

    /// <summary>A check for a lane.</summary>
    public CredentialsCheck(ServerState server, SipLane lane)
    {
        _server = server;
        _time = lane.Loop.Time;
        var options = new DigestOptions
        {
            Algorithms = server.Configuration.Authentication.Algorithms,
            // sipp, unless told otherwise, and phones behind proxies that retarget name another URI; nonce counts refuse replays without it.
            RequiresMatchingUri = false,
        };
        _digest = new DigestAuthenticator(options, server.Keys.NonceKey(lane.Number), _time.GetUtcNow());
    }

    /// <summary>Checks the credentials of a request for a realm of ours.</summary>
    /// <remarks>Credentials of who guesses passwords are not looked at for a while, but for those of a request that was let through before (<see cref="Protection.SourceGuard"/>).</remarks>
    /// <param name="request">The request.</param>
    /// <param name="id">Authorization, or Proxy-Authorization.</param>
    /// <param name="domain">The domain whose user it should be.</param>
    /// <param name="addressOfRecord">Gets the user's canonical address of record; <see cref="AddressOfRecord.MaxBytes"/>.</param>
    /// <param name="length">Bytes of it; 0 unless the credentials are right.</param>
    public CredentialsResult Check(scoped in RequestContext request, HeaderId id, DomainOptions domain, Span<byte> addressOfRecord, out int length)
    {
        length = 0;
        var result = CredentialsResult.Missing;
        foreach (HeaderValue value in request.Message.Values(id))
        {
            switch (DigestCredentials.TryParse(value.Bytes, out DigestCredentials credentials))
            {
                case DigestParseResult.Ok:
                    CredentialsResult next = Verify(request, credentials, domain, addressOfRecord, out length);
                    if (next is CredentialsResult.Ok or CredentialsResult.WrongUri or CredentialsResult.Held) return next;
                    if (next != CredentialsResult.Missing) result = next;
                    break;

                case DigestParseResult.Malformed:
                    return CredentialsResult.Malformed;
            }
        }

        return result;
    }

    /// <summary>Answers with challenges for a domain's realm, one for each algorithm that the configuration names, in its order.</summary>
    /// <param name="request">The request.</param>
    /// <param name="statusCode">401, or 407.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="isStale">True when the credentials were right but for their age.</param>
    public StepResult Challenge(ref RequestContext request, int statusCode, DomainOptions domain, bool isStale)
    {
        ReadOnlySpan<byte> name = HeaderTable.Get(statusCode == 401 ? HeaderId.WwwAuthenticate : HeaderId.ProxyAuthenticate).NameBytes;
        ReadOnlySpan<byte> realm = _server.RealmOf(domain);
        int room = _digest.MaxChallengesLengthBytes(name, realm);
        if (_challenges.Length < room) _challenges = new byte[room];
        int length = _digest.WriteChallenges(_time.GetUtcNow(), name, realm, isStale, _challenges, _server.Guard.OriginOf(request.Configuration, request.Incoming.Flow.Remote));
        return request.Reply(new SipReply(statusCode) { Headers = _challenges.AsSpan(0, length) });
    }

    private CredentialsResult Verify(
        scoped in RequestContext request, scoped in DigestCredentials credentials, DomainOptions domain, Span<byte> addressOfRecord, out int length)
    {
        length = 0;
        ReadOnlySpan<byte> realm = _server.RealmOf(domain);
        Span<byte> scratch = stackalloc byte[AddressOfRecord.MaxUserBytes];
        ReadOnlySpan<byte> ha1 = default;
        ReadOnlySpan<byte> user = credentials.Username.Length <= scratch.Length ? credentials.GetUsername(scratch) : default;
        bool isName = AddressOfRecord.TryFormat(user, domain.NameUtf8.AsSpan(), addressOfRecord, out int joined);
        ReadOnlySpan<byte> named = isName ? addressOfRecord[..joined] : default;
        NetworkAddress remote = request.Incoming.Flow.Remote;
        DateTimeOffset now = _time.GetUtcNow();
        if (!request.AreAccountsFresh && _server.Guard.Holds(remote, named, now)) return CredentialsResult.Held;
        if (isName && _server.Accounts.TryFind(addressOfRecord[..joined], _account, out Account account) && account.Realm.SequenceEqual(realm))
        {
            ha1 = account.Ha1(credentials.Algorithm);
        }

        SipMessageView message = request.Message;
        DigestResult result = _digest.Verify(now, credentials, realm, ha1, message.MethodBytes, message.RequestUri, message.Body, _server.Guard.OriginOf(request.Configuration, remote));
        if (result == DigestResult.Ok)
        {
            length = joined;
            _server.Guard.OnProven(remote, named, now);
        }
        else if (result == DigestResult.WrongPassword && !request.AreAccountsFresh)
        {
            _server.Guard.OnFailed(request.Configuration, remote, named, now);
        }

        return result switch
        {
            DigestResult.Ok => CredentialsResult.Ok,
            DigestResult.StaleNonce or DigestResult.Replayed => CredentialsResult.Stale,
            DigestResult.WrongUri => CredentialsResult.WrongUri,
            DigestResult.WrongPassword => CredentialsResult.Wrong,
            _ => CredentialsResult.Missing,
        };
    }
}
