using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipRequestValidatorTests
{
    private static readonly string[] Rows =
    [
        "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1", "From: <sip:a@a.example>;tag=1", "To: <sip:bob@biloxi.example>", "Call-ID: 1@a.example", "CSeq: 1 OPTIONS", "Max-Forwards: 70",
    ];

    [Fact]
    public void A_request_with_the_mandatory_headers_passes() => Assert.True(SipRequestValidator.TryCheck(TestMessage.Of(Rows).View, out _));

    [Fact]
    public void A_missing_max_forwards_passes() => Assert.True(SipRequestValidator.TryCheck(TestMessage.Of(Rows[..5]).View, out _));

    [Theory]
    [InlineData(0, "Missing Via", false)]
    [InlineData(1, "Missing From", true)]
    [InlineData(2, "Missing To", true)]
    [InlineData(3, "Missing Call-ID", true)]
    [InlineData(4, "Missing CSeq", true)]
    public void A_missing_header_is_named(int row, string reason, bool canAnswer) =>
        Check(TestMessage.Of([.. Rows.Where((_, i) => i != row)]), 400, reason, canAnswer);

    [Theory]
    [InlineData("Via: SIP/2.0/UDP", "Malformed Via", false)]
    [InlineData("Via:", "Malformed Via", false)]
    [InlineData("From: a@b", "Malformed From", true)]
    [InlineData("To: \"Watson <sip:x>", "Malformed To", true)]
    [InlineData("Call-ID: a b", "Malformed Call-ID", true)]
    [InlineData("CSeq: 1", "Malformed CSeq", true)]
    [InlineData("Max-Forwards: 300", "Malformed Max-Forwards", true)]
    [InlineData("CSeq: 1 INVITE", "CSeq of another method", true)]
    [InlineData("CSeq: 1 options", "CSeq of another method", true)]
    public void A_malformed_header_is_named(string row, string reason, bool canAnswer)
    {
        string name = row[..row.IndexOf(':')];
        Check(TestMessage.Of([row, .. Rows.Where(r => !r.StartsWith(name, StringComparison.Ordinal))]), 400, reason, canAnswer);
    }

    [Theory]
    [InlineData("From: <sip:a@a.example>;tag=2", "Repeated From")]
    [InlineData("t: <sip:a@a.example>", "Repeated To")]
    [InlineData("i: 2", "Repeated Call-ID")]
    [InlineData("CSeq: 2 OPTIONS", "Repeated CSeq")]
    [InlineData("Max-Forwards: 5", "Repeated Max-Forwards")]
    [InlineData("Expires: 5|Expires: 6", "Repeated Expires")]
    [InlineData("c: text/plain|Content-Type: text/html", "Repeated Content-Type")]
    [InlineData("Event: a|o: b", "Repeated Event")]
    public void A_repeated_header_is_named(string rows, string reason) => Check(TestMessage.Of([.. Rows, .. rows.Split('|')]), 400, reason, canAnswer: true);

    [Fact]
    public void Headers_that_may_be_repeated_pass() => Assert.True(SipRequestValidator.TryCheck(TestMessage.Of(
        [.. Rows, "Via: SIP/2.0/UDP x", "Authorization: Digest a=1", "Authorization: Digest a=2", "X-A: 1", "X-A: 2", "Route: <sip:x>", "Route: <sip:y>"]).View, out _));

    [Theory]
    [InlineData("OPTIONS sip:bob@b SIP/3.0", 505, "Version Not Supported")]
    [InlineData("OPTIONS http://b SIP/2.0", 416, "Unsupported URI Scheme")]
    [InlineData("OPTIONS sip:bob@ SIP/2.0", 400, "Malformed Request-URI")]
    [InlineData("OPTIONS <sip:bob@b> SIP/2.0", 400, "Malformed Request-URI")]
    public void A_bad_start_line_has_its_status(string line, int status, string reason) =>
        Check(new TestMessage(line + "\r\n" + string.Join("\r\n", Rows) + "\r\n\r\n"), status, reason, canAnswer: true);

    [Fact]
    public void An_ack_is_never_answered()
    {
        string rows = string.Join("\r\n", Rows).Replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE");
        Check(new TestMessage("ACK sip:b SIP/2.0\r\n" + rows + "\r\n\r\n"), 400, "CSeq of another method", canAnswer: false);
    }

    [Theory]
    [InlineData(HeaderId.Contact, true, 400, "Missing Contact")]
    [InlineData(HeaderId.Contact, false, 0, "")]
    [InlineData(HeaderId.Require, true, 400, "Malformed Require")]
    [InlineData(HeaderId.Route, true, 400, "Malformed Route")]
    [InlineData(HeaderId.RecordRoute, true, 0, "")]
    public void A_header_is_checked_for_who_needs_it(HeaderId id, bool isMandatory, int status, string reason)
    {
        TestMessage message = TestMessage.Of([.. Rows, "Require: a, b c", "Route: <sip:x>, <sip:y", "Record-Route: <sip:x>, \"q\" <sip:y>;z"]);
        Assert.Equal(status == 0, SipRequestValidator.TryCheckHeader(message.View, id, isMandatory, out SipRefusal refusal));
        Assert.Equal(status, refusal.Status);
        Assert.Equal(reason, TestMessage.Text(refusal.Reason));
    }

    private static void Check(TestMessage message, int status, string reason, bool canAnswer)
    {
        Assert.True(message.IsMessage, message.Result.Reason);
        Assert.False(SipRequestValidator.TryCheck(message.View, out SipRefusal refusal));
        Assert.Equal(status, refusal.Status);
        Assert.Equal(reason, TestMessage.Text(refusal.Reason));
        Assert.Equal(canAnswer, refusal.CanAnswer);
    }
}
