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

    /// <summary>The ACK of a 2xx, with the credentials of its INVITE.</summary>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public static RequestTemplate CreateAck(this Dialog dialog, RequestTemplate invite) =>
        Create(dialog, SipMethod.Ack, invite.Sequence, [], invite.Credentials);

    private static RequestTemplate Create(Dialog dialog, SipMethod method, uint sequence, byte[] headers, byte[] credentials) => new()
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
    };
}
