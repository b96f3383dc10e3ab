using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>The dialog of a call, and the requests that this side sends in it.</summary>
internal sealed class CallDialog
{
    private readonly Dialog _dialog;

    private CallDialog(Dialog dialog)
    {
        _dialog = dialog;
        RemoteTag = dialog.RemoteTag.ToArray();
    }

    /// <summary>The other side's tag; empty for an RFC 2543 peer.</summary>
    public byte[] RemoteTag { get; }

    /// <summary>Where the next request goes first.</summary>
    public ReadOnlySpan<byte> NextHop => _dialog.NextHop;

    /// <summary>The dialog that a response to an INVITE makes, at the caller.</summary>
    /// <returns>Null when the response has no usable To, Contact or Record-Route.</returns>
    public static CallDialog? FromResponse(RequestTemplate request, in SipMessageView response) =>
        Dialog.TryCreateAtClient(response, request.RequestUri, isOverTls: false, out Dialog? dialog) ? new CallDialog(dialog) : null;

    /// <summary>The dialog that an INVITE makes, at the callee.</summary>
    /// <returns>Null when the request has no usable Contact or Record-Route.</returns>
    public static CallDialog? FromRequest(in SipMessageView request, byte[] localTag) =>
        Dialog.TryCreateAtServer(request, localTag, isOverTls: false, out Dialog? dialog) ? new CallDialog(dialog) : null;

    /// <summary>The callee has answered with 2xx.</summary>
    public void Confirm() => _dialog.Confirm();

    /// <summary>True for a request of the other side in this dialog.</summary>
    public bool IsMine(in SipMessageView request) => _dialog.IsMine(request);

    /// <summary>Takes the number of a request of the other side.</summary>
    /// <returns>False when it is not higher than those before: 500.</returns>
    public bool TryTakeSequence(in SipMessageView request) => _dialog.TryTakeRequest(request) == DialogRequestResult.Ok;

    /// <summary>A target refresh request or its response has another Contact.</summary>
    public void Refresh(in SipMessageView message) => _dialog.Refresh(message);

    /// <summary>A request of this side in the dialog, with the next number.</summary>
    public RequestTemplate CreateRequest(SipMethod method, byte[] headers) => Create(method, NextSequence(), headers, []);

    /// <summary>The ACK of a 2xx.</summary>
    /// <param name="invite">The INVITE.</param>
    /// <param name="body">The answer to the offer that the 2xx had; empty for none.</param>
    /// <remarks>Source: RFC 3261 13.2.2.4.</remarks>
    public RequestTemplate CreateAck(RequestTemplate invite, byte[] body)
    {
        RequestTemplate ack = Create(SipMethod.Ack, invite.Sequence, [], body);
        ack.Credentials = invite.Credentials;
        return ack;
    }

    /// <summary>The next number of CSeq.</summary>
    public uint NextSequence() => _dialog.TakeSequenceNumber();

    private RequestTemplate Create(SipMethod method, uint sequence, byte[] headers, byte[] body) => new()
    {
        Method = method,
        RequestUri = _dialog.RequestUri.ToArray(),
        Route = _dialog.Route.ToArray(),
        From = _dialog.From.ToArray(),
        To = _dialog.To.ToArray(),
        CallId = _dialog.CallId.ToArray(),
        Sequence = sequence,
        Headers = headers,
        ContentType = body.Length > 0 ? "application/sdp"u8.ToArray() : [],
        Body = body,
    };
}
