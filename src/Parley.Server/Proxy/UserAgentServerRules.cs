using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What every user agent server checks before it serves a request: demanded extensions, and a body that it understands.</summary>
/// <remarks>Source: RFC 3261 8.2.2.3, 8.2.3.</remarks>
internal static class UserAgentServerRules
{
    /// <summary>Refuses with 420 or 415 what the server cannot do.</summary>
    /// <param name="request">The request.</param>
    public static StepResult Check(ref RequestContext request)
    {
        if (UnsupportedExtensions.Check(ref request, HeaderId.Require) == StepResult.Done) return StepResult.Done;
        if (request.Message.BodyLength == 0 || IsOptional(request.Message)) return StepResult.Continue;
        bool isTaken = request.Message.TryGetContentType(out MediaTypeView type) == HeaderStatus.Ok && ServerOptions.Declared.Accepts(request.Method, type);
        foreach (HeaderValue coding in request.Message.Values(HeaderId.ContentEncoding)) isTaken &= System.Text.Ascii.EqualsIgnoreCase(coding.Bytes, "identity"u8);
        return isTaken ? StepResult.Continue : request.Reply(new SipReply(415) { Headers = ServerOptions.Declared.AcceptRows(request.Method) });
    }

    private static bool IsOptional(scoped in SipMessageView request) =>
        request.TryGetParameterized(HeaderId.ContentDisposition, out ParameterizedValueView disposition) == HeaderStatus.Ok
        && disposition.Parameters.TryGet("handling"u8, out ParameterView handling)
        && System.Text.Ascii.EqualsIgnoreCase(handling.Value, "optional"u8);
}
