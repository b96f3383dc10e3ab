using Parley.Sdp;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>What the body of a message is to a call.</summary>
internal enum SessionBodyKind
{
    /// <summary>There is none, or one that may be ignored.</summary>
    None,

    /// <summary>A session description.</summary>
    Description,

    /// <summary>A session description that cannot be read.</summary>
    Malformed,

    /// <summary>Something else that must be understood.</summary>
    Unsupported,
}

/// <summary>Reads the session description of a message.</summary>
/// <remarks>Source: RFC 3261 8.2.3, 20.11, 20.12, 20.15.</remarks>
internal static class SessionBody
{
    /// <summary>Reads it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="description">The description when there is one.</param>
    /// <param name="error">Why it cannot be read.</param>
    public static SessionBodyKind TryRead(in SipMessageView message, out SessionDescription? description, out SdpError error)
    {
        (description, error) = (null, default);
        if (message.Body.IsEmpty) return SessionBodyKind.None;
        if (!IsPlain(message) || message.TryGetContentType(out MediaTypeView type) != HeaderStatus.Ok || !type.Is("application"u8, "sdp"u8))
        {
            return IsOptional(message) ? SessionBodyKind.None : SessionBodyKind.Unsupported;
        }

        return SessionDescription.TryParse(message.Body, out description, out error) ? SessionBodyKind.Description : SessionBodyKind.Malformed;
    }

    /// <summary>The row that tells people why an offer leads to nothing.</summary>
    /// <remarks>Source: RFC 3261 20.43.</remarks>
    public static byte[] Warning(NegotiationFailure failure) => WireText.ToBytes(failure switch
    {
        NegotiationFailure.UnsupportedTransport or NegotiationFailure.NoCommonCrypto => "Warning: 302 parley \"Incompatible transport protocol\"\r\n",
        NegotiationFailure.NoCommonCodec => "Warning: 305 parley \"Incompatible media format\"\r\n",
        NegotiationFailure.NoAudio or NegotiationFailure.Rejected => "Warning: 304 parley \"Media type not available\"\r\n",
        NegotiationFailure.UnusableAddress => "Warning: 301 parley \"Incompatible network address formats\"\r\n",
        _ => "Warning: 399 parley \"The session description cannot be used\"\r\n",
    });

    /// <summary>True when the body is not encoded.</summary>
    public static bool IsPlain(in SipMessageView message)
    {
        foreach (HeaderValue encoding in message.Values(HeaderId.ContentEncoding))
        {
            if (!System.Text.Ascii.EqualsIgnoreCase(encoding.Bytes, "identity"u8)) return false;
        }

        return true;
    }

    /// <summary>True when a body that is not understood may be passed over.</summary>
    public static bool IsOptional(in SipMessageView message) =>
        message.TryGetParameterized(HeaderId.ContentDisposition, out ParameterizedValueView disposition) == HeaderStatus.Ok
        && disposition.Parameters.TryGet("handling"u8, out ParameterView handling)
        && System.Text.Ascii.EqualsIgnoreCase(handling.Value, "optional"u8);
}
