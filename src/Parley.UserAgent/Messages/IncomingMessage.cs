using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Messages;

/// <summary>Takes a MESSAGE in.</summary>
/// <remarks>Source: RFC 3428 7: text/plain is what everybody has to take; a 2xx has neither body nor Contact.</remarks>
internal static class IncomingMessage
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Hands a text to whoever takes texts.</summary>
    /// <returns>The answer.</returns>
    public static SipReply Take(in SipMessageView message, ITextMessageHandler handler, SipCapabilities declared)
    {
        if (!SessionBody.IsPlain(message)) return new SipReply(415) { Headers = declared.AcceptRows(SipMethod.Message) };
        HeaderStatus status = message.TryGetContentType(out MediaTypeView type);
        if (status == HeaderStatus.Malformed) return new SipReply(400) { ReasonPhrase = "Malformed Content-Type"u8 };
        if (status == HeaderStatus.Missing ? !message.Body.IsEmpty : !declared.Accepts(SipMethod.Message, type)) return new SipReply(415) { Headers = declared.AcceptRows(SipMethod.Message) };
        if (!System.Text.Unicode.Utf8.IsValid(message.Body)) return new SipReply(400) { ReasonPhrase = "Text Is Not UTF-8"u8 };
        if (message.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok) return new SipReply(400) { ReasonPhrase = "Malformed From"u8 };
        var text = new TextMessage(WireText.From(from.Uri), WireText.From(from.DisplayName), WireText.From(message.RequestUri), Utf8.GetString(message.Body));
        return handler.OnMessage(text) ? new SipReply(200) : new SipReply(480) { Headers = "Retry-After: 30\r\n"u8 };
    }
}
