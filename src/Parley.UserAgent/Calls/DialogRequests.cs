using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Requests of this side in a dialog.</summary>
internal static class DialogRequests
{
    private static readonly byte[] DescriptionType = "application/sdp"u8.ToArray();

    /// <summary>The dialog's next request.</summary>
    /// <param name="dialog">The dialog.</param>
    /// <param name="method">Its method, not ACK.</param>
    /// <param name="headers">Further rows.</param>
    /// <param name="description">A session description; null or empty for none.</param>
    public static RequestTemplate CreateTemplate(this Dialog dialog, SipMethod method, byte[] headers, byte[]? description = null) =>
        Create(dialog, method, dialog.TakeSequenceNumber(), headers, [], contactUser: null, DescriptionType, description ?? []);

    /// <summary>As the other one, with a body of any type.</summary>
    public static RequestTemplate CreateTemplate(this Dialog dialog, SipMethod method, byte[] headers, byte[] contentType, byte[] body) =>
        Create(dialog, method, dialog.TakeSequenceNumber(), headers, [], contactUser: null, contentType, body);

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

    /// <summary>As the other one, with a session description, or without where it is empty.</summary>
    public static RequestTemplate CreateTargetRefresh(this Dialog dialog, SipMethod method, byte[] headers, byte[] contactUser, byte[] description) =>
        dialog.CreateTargetRefresh(method, headers, contactUser, DescriptionType, description);

    /// <summary>The ACK of a 2xx, with the credentials of its INVITE.</summary>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public static RequestTemplate CreateAck(this Dialog dialog, RequestTemplate invite, byte[] answer) =>
        Create(dialog, SipMethod.Ack, invite.Sequence, [], invite.Credentials, contactUser: null, DescriptionType, answer);

    private static RequestTemplate Create(
        Dialog dialog, SipMethod method, uint sequence, byte[] headers, byte[] credentials, byte[]? contactUser, byte[] contentType, byte[] body) => new()
    {
        Method = method,
        RequestUri = dialog.RequestUri.ToArray(),
        Route = dialog.Route.ToArray(),
        From = dialog.From.ToArray(),
        To = dialog.To.ToArray(),
        CallId = dialog.CallId.ToArray(),
        Sequence = sequence,
        ContactUser = contactUser,
        Headers = headers,
        Credentials = credentials,
        ContentType = contentType,
        Body = body,
    };
}
