using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Infos;

/// <summary>Takes an INFO in, in the dialog of a call.</summary>
/// <remarks>Source: RFC 6086 4.2.2.</remarks>
internal static class IncomingInfo
{
    /// <summary>Answers it, and then tells the call of it: what that sends comes behind the answer.</summary>
    /// <param name="core">The user agent.</param>
    /// <param name="transaction">The INFO.</param>
    /// <param name="leg">The call.</param>
    /// <param name="session">Its session, which takes keys.</param>
    public static void Take(UserAgentCore core, SipServerTransaction transaction, CallLeg leg, CallSession session)
    {
        SipMessageView info = transaction.Request;
        HeaderStatus status = info.TryGetParameterized(HeaderId.InfoPackage, out ParameterizedValueView package);
        if (status == HeaderStatus.Malformed) transaction.Respond(new SipReply(400) { ReasonPhrase = "Malformed Info-Package"u8 });
        else if (status == HeaderStatus.Ok) TakePackage(core, transaction, package.Value, leg);
        else TakeBody(core, transaction, session);
    }

    private static void TakePackage(UserAgentCore core, SipServerTransaction transaction, ReadOnlySpan<byte> name, CallLeg leg)
    {
        SipMessageView info = transaction.Request;
        string package = WireText.From(name);       // compared with its case (RFC 6086 7.2)
        string type = info.TryGetSingle(HeaderId.ContentType, out HeaderValue value) == HeaderStatus.Ok ? WireText.From(value.Bytes) : "";
        SipReply reply = !core.Options.InfoPackages.Contains(package) ? new SipReply(469) { Headers = core.RecvInfoRow }
            : !SessionBody.IsPlain(info) ? new SipReply(415) { Headers = "Accept-Encoding: identity\r\n"u8 }
            : info.BodyLength > InfoMessage.MaxBodyBytes ? new SipReply(413)
            : info.BodyLength > 0 && type.Length == 0 ? new SipReply(400) { ReasonPhrase = "Missing Content-Type"u8 }
            : new SipReply(200);
        InfoMessage? told = reply.StatusCode == 200 ? new InfoMessage(package, type, info.Body.ToArray()) : null;
        transaction.Respond(reply);
        if (told is not null) leg.Observer.OnInfo(leg, told);
    }

    /// <summary>The older use: an empty one asks nothing but an answer, and of bodies keys are known.</summary>
    private static void TakeBody(UserAgentCore core, SipServerTransaction transaction, CallSession session)
    {
        SipMessageView info = transaction.Request;
        KeyTransport? kind = info.TryGetContentType(out MediaTypeView type) == HeaderStatus.Ok && SessionBody.IsPlain(info) ? KeyBody.KindOf(type) : null;
        char digit = ' ';
        TimeSpan duration = default;
        SipReply reply = info.BodyLength == 0 ? new SipReply(200)
            : kind is null ? SessionBody.IsOptional(info) ? new SipReply(200) : new SipReply(415) { Headers = core.Declared.AcceptRows(SipMethod.Info) }
            : !KeyBody.TryRead(info.Body, kind.Value, out digit, out duration) ? new SipReply(400) { ReasonPhrase = "Malformed Signal"u8 }
            : new SipReply(200);
        transaction.Respond(reply);
        if (reply.StatusCode == 200 && digit != ' ') session.OnDigit(digit, duration, kind!.Value);
    }
}
