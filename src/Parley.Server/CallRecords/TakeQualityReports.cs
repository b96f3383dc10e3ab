using System.Security.Cryptography;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Sip.Events.VoiceQuality;
using Parley.Sip.Messages;

namespace Parley.Server.CallRecords;

/// <summary>Collects what phones report of the quality of their calls: PUBLISH of <c>vq-rtcpxr</c> from users of ours and trusted networks.</summary>
/// <remarks>
/// A report goes into the records of its call, under the name of who published it: a user has one for each Call-ID, and nobody can write in another's name. It makes no state
/// that others could watch. Source: RFC 6035 3.2, RFC 3903 6.
/// </remarks>
internal sealed class TakeQualityReports(ServerState server) : IRequestStep
{
    private const int TagBytes = 8;
    private const int MaxCallId = 256, MaxCodec = 32;

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Publish || request.Domain is null || request.HasNextRoute || request.IsInDialog || server.CallRecords is not { } store) return StepResult.Continue;
        SipMessageView message = request.Message;
        bool isReport = message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView name) == HeaderStatus.Ok && name.Value.SequenceEqual("vq-rtcpxr"u8);
        if (!isReport) return StepResult.Continue;
        if (UnsupportedExtensions.Check(ref request, HeaderId.Require) == StepResult.Done) return StepResult.Done;
        string reporter = ReporterOf(ref request);
        if (request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted) || reporter.Length == 0) return request.Reply(403);
        bool isOurs = message.TryGetContentType(out MediaTypeView type) == HeaderStatus.Ok && type.Is("application"u8, "vq-rtcpxr"u8) && !message.Has(HeaderId.ContentEncoding);
        if (message.BodyLength > 0 && !isOurs) return request.Reply(new SipReply(415) { Headers = "Accept: application/vq-rtcpxr\r\nAccept-Encoding: identity\r\n"u8 });
        if (!VoiceQualityReport.TryParse(message.Body, out VoiceQualityReport? report, out VoiceQualityError error))
            return request.Reply(new SipReply(error == VoiceQualityError.TooLong ? 413 : 400) { ReasonPhrase = "Malformed Report"u8 });
        if (report!.CallId.Length > MaxCallId) return request.Reply(400);
        if (request.Incoming.CreateTransaction(request.Server) is not { } transaction) return StepResult.Done;
        bool isTaken = store.Add(ToQuality(report, reporter, request.Server.Lane.Loop.Time.GetUtcNow()));
        byte[] rows = Encoding.ASCII.GetBytes($"SIP-ETag: {RandomNumberGenerator.GetHexString(2 * TagBytes, lowercase: true)}\r\nExpires: 0\r\n");
        SipReply reply = isTaken ? new SipReply(200) { Headers = rows } : new SipReply(503) { Headers = "Retry-After: 60\r\n"u8 };
        request.Server.Counters.CountReply(request.Method, reply.StatusCode);
        transaction.Respond(reply);
        return StepResult.Done;
    }

    private static ReportedQuality ToQuality(VoiceQualityReport report, string reporter, DateTimeOffset now)
    {
        VoiceQualityMetrics heard = report.LocalMetrics;
        string codec = heard.Codec ?? "";
        return new ReportedQuality(report.CallId, reporter, now)
        {
            Codec = codec.Length > MaxCodec ? codec[..MaxCodec] : codec,
            Score = heard.ConversationalScore,
            ListeningScore = heard.ListeningScore,
            R = heard.ConversationalR,
            LossPercent = heard.LossPercent,
            DiscardPercent = heard.DiscardPercent,
            JitterMilliseconds = heard.JitterMilliseconds,
            RoundTripMilliseconds = heard.RoundTripMilliseconds,
            DelayMilliseconds = heard.SymmetricDelayMilliseconds,
        };
    }

    /// <summary>Who sends it, as was proven: a user of ours, or of a trusted network whoever it names.</summary>
    private static string ReporterOf(ref RequestContext request)
    {
        if (!CallerIdentity.TryRead(request.Message, request.Server.Server, out SipUriView uri, out DomainOptions? domain)) return "";
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        return AddressOfRecord.TryFormat(uri.User, domain is null ? uri.Host : domain.NameUtf8.AsSpan(), user, out int length) ? Encoding.UTF8.GetString(user[..length]) : "";
    }
}
