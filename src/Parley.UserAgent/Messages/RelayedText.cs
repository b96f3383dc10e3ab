using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Messages;

/// <summary>A text that somebody else wrote, and that a server delivers.</summary>
/// <param name="RequestUri">Where it goes.</param>
/// <param name="From">Who wrote it: value of From without a tag.</param>
/// <param name="To">For whom it is: value of To.</param>
/// <param name="ContentType">The body's media type.</param>
/// <param name="Body">The body.</param>
public sealed record RelayedText(byte[] RequestUri, byte[] From, byte[] To, string ContentType, byte[] Body)
{
    /// <summary>Value of Route; empty for none.</summary>
    public byte[] Route { get; init; } = [];

    /// <summary>The flow that leads there; null to follow the Route or the Request-URI.</summary>
    public SipFlow? Flow { get; init; }

    /// <summary>Further rows, each with its CRLF.</summary>
    public byte[] Headers { get; init; } = [];
}

/// <summary>Sends a text that somebody else wrote.</summary>
/// <remarks>Source: RFC 3428 4.</remarks>
internal sealed class RelayedMessageRequest(UserAgentCore core, RelayedText text, IMessageObserver observer) : ClientRequest(core, usesKnownNonces: false)
{
    private readonly byte[] _tag = LocalTag.Create().ToBytes();
    private readonly byte[] _callId = core.CreateCallId();

    public void Start()
    {
        if (text.Flow is { } flow) OnLocated(Core.Lane.Now, [flow]);
        else if (text.Route.Length > 0) SendTo(NameAddressView.TryParse(text.Route, 0, out NameAddressView first) ? first.Uri : default);
        else SendTo(text.RequestUri);
    }

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Message,
        RequestUri = text.RequestUri,
        Route = text.Route,
        From = [.. text.From, .. ";tag="u8, .. _tag],
        To = text.To,
        CallId = _callId,
        Sequence = 1,
        Headers = text.Headers,
        ContentType = WireText.ToBytes(text.ContentType),
        Body = text.Body,
    };

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response) => observer.OnAnswered(response);

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => observer.OnFailed(failure);
}
