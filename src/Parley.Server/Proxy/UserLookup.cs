using Parley.Server.Accounts;
using Parley.Server.Hosting;
using Parley.Server.Registrar;
using Parley.Server.Rules;

namespace Parley.Server.Proxy;

/// <summary>Looks up the bindings of the user that a request is for, and answers when there are none.</summary>
/// <remarks>
/// Who may know learns whether there is such a user (404) or he is only not reachable (480); strangers are told 480 in
/// both cases, so that nobody finds out names by trying. Bindings of a user who was removed since count no more. Source: RFC 3261 16.5, 26.1.
/// </remarks>
internal static class UserLookup
{
    /// <summary>Finds the bindings of the request's user: a view over <see cref="ServerLane.Found"/>.</summary>
    /// <returns><see cref="StepResult.Done"/> when there are none and the request was answered.</returns>
    public static StepResult TryFind(ref RequestContext request, ServerState server, out BindingSet bindings)
    {
        bindings = default;
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        bool isName = AddressOfRecord.TryFormat(request.RequestUri.User, request.Domain!.NameUtf8.AsSpan(), addressOfRecord, out int length);
        bool isKnown = isName && server.Accounts.TryFind(addressOfRecord[..length], request.Server.Found, out _);
        // Bindings are looked for in any case: who is not there must take as long as who is not online.
        bindings = server.Location.Find(addressOfRecord[..length], request.Server.Found);
        foreach (Binding _ in bindings.LiveAt(request.Server.Lane.Loop.Time.GetUtcNow()))
        {
            if (isKnown) return StepResult.Continue;
            break;
        }

        bool mayKnow = request.Caller is CallerKind.LocalUser or CallerKind.Trusted;
        if (isKnown || !mayKnow) return FollowRules.Unreached(ref request, 480);
        return request.Server.RunAgainWithFreshAccounts(ref request) ? StepResult.Done : FollowRules.Unreached(ref request, 404);
    }
}
