using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Requests of this side in a dialog.</summary>
internal static class DialogRequests
{
    /// <summary>The dialog's next request.</summary>
    /// <param name="dialog">The dialog.</param>
    /// <param name="method">Its method, not ACK.</param>
    /// <param name="headers">Further rows.</param>
    public static RequestTemplate CreateTemplate(this Dialog dialog, SipMethod method, byte[] headers) =>
        Create(dialog, method, dialog.TakeSequenceNumber(), headers, []);

    /// <summary>The dialog's next request that may change where this side is reached: with a Contact, and with a body where there is one.</summary>
    /// <param name="dialog">The dialog.</param>
    /// <param name="method">Its method, not ACK.</param>
    /// <param name="headers">Further rows.</param>
    /// <param name="contactUser">The user of the Contact.</param>
    /// <param name="contentType">Media type of the body.</param>
    /// <param name="body">The body; empty for none.</param>
    /// <remarks>Source: RFC 3261 12.2.1.1.</remarks>
    public static RequestTemplate CreateTargetRefresh(this Dialog dialog, SipMethod method, byte[] headers, byte[] contactUser, byte[] contentType, byte[] body) =>
        Create(dialog, method, dialog.TakeSequenceNumber(), headers, [], contactUser, contentType, body);

    /// <summary>The ACK of a 2xx, with the credentials of its INVITE.</summary>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public static RequestTemplate CreateAck(this Dialog dialog, RequestTemplate invite) =>
        Create(dialog, SipMethod.Ack, invite.Sequence, [], invite.Credentials);

    private static RequestTemplate Create(Dialog dialog, SipMethod method, uint sequence, byte[] headers, byte[] credentials, byte[]? contactUser = null, byte[]? contentType = null, byte[]? body = null) => new()
    {
        Method = method,
        RequestUri = dialog.RequestUri.ToArray(),
        Route = dialog.Route.ToArray(),
        From = dialog.From.ToArray(),
        To = dialog.To.ToArray(),
        CallId = dialog.CallId.ToArray(),
        Sequence = sequence,
        Headers = headers,
        Credentials = credentials,
        ContactUser = contactUser,
        ContentType = contentType ?? [],
        Body = body ?? [],
    };
}
