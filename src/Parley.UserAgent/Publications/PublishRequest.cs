using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent.Publications;

/// <summary>One PUBLISH. It makes no dialog and has no Contact.</summary>
/// <remarks>Source: RFC 3903 4.</remarks>
internal sealed class PublishRequest(UserAgentCore core, Publication publication, TimeSpan expires, byte[] body) : ClientRequest(core, usesKnownNonces: true)
{
    private readonly byte[] _tag = publication.Tag;
    private TimeSpan _expires = expires;
    private bool _hasRaisedExpires;

    public void Start() => SendTo(Core.NextHop(publication.Target));

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Publish,
        RequestUri = publication.Target,
        Route = Core.RouteTo(publication.Target),
        From = Core.WriteFrom(flow, LocalTag.Create().ToBytes()),
        To = WireText.ToBytes(new NameAddress(WireText.ToName(publication.Uri)).ToString()),
        CallId = Core.CreateCallId(),
        Sequence = 1,
        Headers = WriteHeaders(),
        ContentType = publication.ContentType,
        Body = body,
    };

    /// <summary>423: the compositor wants the state to stand longer.</summary>
    protected override bool TryRepair(in SipMessageView response)
    {
        if (response.StatusCode != 423 || _expires == TimeSpan.Zero || _hasRaisedExpires) return false;
        if (response.TryGetSeconds(HeaderId.MinExpires, out uint seconds) != HeaderStatus.Ok || TimeSpan.FromSeconds(seconds) is var least && least <= _expires) return false;
        (_hasRaisedExpires, _expires) = (true, least);
        publication.OnTooBrief(least);
        Template!.Headers = WriteHeaders();
        Resend();
        return true;
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode >= 300) publication.OnFailed(response.StatusCode, WireText.From(response.ReasonPhrase), null, response.RetryAfter());
        else if (_expires == TimeSpan.Zero) publication.OnRemoved();
        else if (response.TryGetSingle(HeaderId.SipETag, out HeaderValue tag) != HeaderStatus.Ok) publication.OnFailed(response.StatusCode, "The answer has no SIP-ETag", null, null);
        else publication.OnAccepted(tag.Bytes.ToArray(), response.TryGetExpires(out uint seconds) == HeaderStatus.Ok ? TimeSpan.FromSeconds(seconds) : _expires);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure)
    {
        (int statusCode, string reasonPhrase) = failure.Describe("The presence server");
        publication.OnFailed(statusCode, reasonPhrase, failure, null);
    }

    private byte[] WriteHeaders()
    {
        StringBuilder rows = new();
        rows.Append(CultureInfo.InvariantCulture, $"Event: {publication.Event}\r\nExpires: {(long)_expires.TotalSeconds}\r\n");
        if (_tag.Length > 0) rows.Append("SIP-If-Match: ").Append(WireText.From(_tag)).Append("\r\n");
        return [.. WireText.ToBytes(rows.ToString()), .. Core.ProductHeader];
    }
}
