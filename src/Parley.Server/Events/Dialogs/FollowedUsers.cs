using System.Text;
using Parley.Server.Accounts;
using Parley.Server.Calls;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Events.Dialogs;

/// <summary>Finds out who of a call is followed. Asked only while somebody is.</summary>
internal static class FollowedUsers
{
    /// <summary>The caller, when he is one of our users.</summary>
    public static void AddCaller(ref RequestContext request, ProxyCall call)
    {
        if (request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted)) return;
        if (!CallerIdentity.TryRead(request.Message, request.Server.Server, out SipUriView uri, out DomainOptions? domain) || domain is null) return;
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (AddressOfRecord.TryFormat(uri.User, domain.NameUtf8.AsSpan(), addressOfRecord, out int length)) Add(ref request, call, CallClaims.Caller, addressOfRecord[..length]);
    }

    /// <summary>The user whom the request is for.</summary>
    public static void AddCallee(ref RequestContext request, ProxyCall call)
    {
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        if (AddressOfRecord.TryFormat(request.RequestUri.User, request.Domain!.NameUtf8.AsSpan(), addressOfRecord, out int length)) Add(ref request, call, 0, addressOfRecord[..length]);
    }

    /// <summary>Somebody of the call.</summary>
    /// <param name="request">The INVITE.</param>
    /// <param name="call">The call.</param>
    /// <param name="owner">Which of the callees, as the targets are numbered; <see cref="CallClaims.Caller"/>.</param>
    /// <param name="addressOfRecord">Who.</param>
    public static void Add(ref RequestContext request, ProxyCall call, int owner, scoped ReadOnlySpan<byte> addressOfRecord)
    {
        DialogStates dialogs = request.Server.Server.Dialogs;
        if (request.Method != SipMethod.Invite || request.IsInDialog || !dialogs.IsFollowed(addressOfRecord)) return;
        (call.Followed ??= new FollowedCall(dialogs, request.Message)).Add(owner, Encoding.UTF8.GetString(addressOfRecord));
    }
}
