using System.Text;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.CallRecords;

/// <summary>Begins the records of calls. Asked for an INVITE that begins a dialog, while records are kept.</summary>
internal static class CallRecording
{
    /// <summary>Begins the record of a call that is forwarded, or goes on with the one that it has.</summary>
    public static RecordedCall? Begin(ref RequestContext request)
    {
        if (request.Server.Server.CallRecords is not { } store) return null;
        if (request.Route is not { Recorded: { } recorded } route) return new RecordedCall(store, request.Server.Lane.Loop.Time, request.Message, AssertedUser(request));
        route.Recorded = null;
        return recorded;
    }

    /// <summary>Records a call that this server refuses itself.</summary>
    /// <remarks>What strangers are refused is no call, or a scanner would fill the records; nor is a challenge the end of one.</remarks>
    public static void Refuse(in RequestContext request, int statusCode)
    {
        if (request.IsInDialog || statusCode is < 300 or 401 or 407 || request.Server.Server.CallRecords is not { } store) return;
        RecordedCall? recorded = request.Route?.Recorded;
        if (recorded is null && request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted)) return;
        recorded ??= new RecordedCall(store, request.Server.Lane.Loop.Time, request.Message, AssertedUser(request));
        recorded.OnFailed(statusCode, CallEnder.Server);
    }

    /// <summary>The user whose password or network was proven; empty for a stranger.</summary>
    private static string AssertedUser(in RequestContext request)
    {
        if (request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted)) return "";
        if (!CallerIdentity.TryRead(request.Message, request.Server.Server, out SipUriView uri, out DomainOptions? domain) || domain is null) return "";
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        return AddressOfRecord.TryFormat(uri.User, domain.NameUtf8.AsSpan(), user, out int length) ? Encoding.UTF8.GetString(user[..length]) : "";
    }
}
