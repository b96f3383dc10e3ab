using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipWriterTests
{
    // RFC 3261 17.1.1.3
    private const string Invite =
        "INVITE sip:bob@biloxi.com SIP/2.0\r\n" +
        "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff\r\n" +
        "To: Bob <sip:bob@biloxi.com>\r\n" +
        "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n" +
        "Max-Forwards: 70\r\n" +
        "Call-ID: 987asjd97y7atg\r\n" +
        "CSeq: 986759 INVITE\r\n\r\n";

    private readonly byte[] _buffer = new byte[4000];

    [Fact]
    public void The_ack_of_the_RFC_is_written()
    {
        var invite = new TestMessage(Invite);
        var response = new TestMessage(Invite.Replace("INVITE sip:bob@biloxi.com SIP/2.0", "SIP/2.0 486 Busy Here").Replace("To: Bob <sip:bob@biloxi.com>", "t: Bob <sip:bob@biloxi.com>;tag=99sa0xk"));
        Assert.True(SipRequestWriter.TryWriteAck(invite.View, response.View, _buffer, out int written));
        Assert.Equal(
            "ACK sip:bob@biloxi.com SIP/2.0\r\n" +
            "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff\r\n" +
            "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n" +
            "t: Bob <sip:bob@biloxi.com>;tag=99sa0xk\r\n" +
            "Call-ID: 987asjd97y7atg\r\n" +
            "CSeq: 986759 ACK\r\n" +
            "Max-Forwards: 70\r\n" +
            "Content-Length: 0\r\n\r\n", Encoding.ASCII.GetString(_buffer, 0, written));
        Assert.True(SipRequestValidator.TryCheck(new TestMessage(_buffer[..written]).View, out _));
    }

    [Fact]
    public void A_cancel_has_the_topmost_via_and_the_routes()
    {
        var invite = new TestMessage(Invite.Replace("Via: SIP/2.0/UDP pc33", "v: SIP/2.0/UDP proxy;branch=z9hG4bK2, SIP/2.0/UDP pc33")
            .Replace("Max-Forwards: 70", "Require: 100rel\r\nRoute: <sip:r1;lr>,\r\n <sip:r2;lr>\r\nProxy-Require: x\r\nRoute: <sip:r3>"));
        Assert.True(SipRequestWriter.TryWriteCancel(invite.View, default, _buffer, out int written));
        Assert.Equal(
            "CANCEL sip:bob@biloxi.com SIP/2.0\r\n" +
            "Via: SIP/2.0/UDP proxy;branch=z9hG4bK2\r\n" +
            "Route: <sip:r1;lr>,\r\n <sip:r2;lr>\r\nRoute: <sip:r3>\r\n" +
            "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n" +
            "To: Bob <sip:bob@biloxi.com>\r\n" +
            "Call-ID: 987asjd97y7atg\r\n" +
            "CSeq: 986759 CANCEL\r\n" +
            "Max-Forwards: 70\r\n" +
            "Content-Length: 0\r\n\r\n", Encoding.ASCII.GetString(_buffer, 0, written));
        for (int size = 0; size < written; size += 5) Assert.False(SipRequestWriter.TryWriteCancel(invite.View, default, new byte[size], out _));
        Assert.False(SipRequestWriter.TryWriteCancel(TestMessage.Of("CSeq: 1 INVITE").View, default, _buffer, out _));
        Assert.False(SipRequestWriter.TryWriteCancel(TestMessage.Of("Via: SIP/2.0/UDP a", "CSeq: x").View, default, _buffer, out _));
    }

    [Theory]
    [InlineData("Via:\r\n")]
    [InlineData("Via: ,\r\nv: ,,\r\n")]
    public void The_topmost_via_is_stamped_also_when_empty_rows_come_first(string emptyRows)
    {
        var invite = new TestMessage(Invite.Replace("Via: ", emptyRows + "Via: ", StringComparison.Ordinal).Replace("To: ", "Via: SIP/2.0/TCP b\r\nTo: ", StringComparison.Ordinal));
        var writer = new SipResponseWriter(_buffer);
        Assert.True(NetworkAddress.TryParse("192.0.2.1:5060", out NetworkAddress source));
        writer.Start(invite.View, 400, default, default, source);
        Assert.True(writer.TryFinish(out int written));
        Assert.StartsWith(
            "SIP/2.0 400 Bad Request\r\n" + emptyRows +
            "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff;received=192.0.2.1\r\n" +
            "Via: SIP/2.0/TCP b\r\n" +
            "From: Alice", Encoding.ASCII.GetString(_buffer, 0, written), StringComparison.Ordinal);
    }

    [Fact]
    public void A_response_has_what_ties_it_to_its_request_and_what_is_added()
    {
        var invite = new TestMessage(Invite.Replace("Max-Forwards: 70", "v: SIP/2.0/TCP b, SIP/2.0/UDP c\r\nRecord-Route: <sip:p1;lr>\r\nTimestamp: 54\r\nRecord-Route: <sip:p2;lr>"));
        var writer = new SipResponseWriter(_buffer);
        writer.Start(invite.View, 200, "a6c85cf"u8);
        writer.CopyHeader(invite.View, HeaderId.RecordRoute);
        writer.AddHeader(HeaderId.Contact, "<sip:bob@192.0.2.4>"u8);
        writer.AddHeader(HeaderId.Expires, 60);
        writer.AddHeader("X-Other"u8, "1"u8);
        writer.AddRows("A: 1\r\nB: 2\r\n"u8);
        Assert.True(writer.TryFinish("text/plain"u8, "hello"u8, out int written));
        Assert.Equal(
            "SIP/2.0 200 OK\r\n" +
            "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKkjshdyff\r\nv: SIP/2.0/TCP b, SIP/2.0/UDP c\r\n" +
            "From: Alice <sip:alice@atlanta.com>;tag=88sja8x\r\n" +
            "To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n" +
            "Call-ID: 987asjd97y7atg\r\n" +
            "CSeq: 986759 INVITE\r\n" +
            "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n" +
            "Contact: <sip:bob@192.0.2.4>\r\nExpires: 60\r\nX-Other: 1\r\nA: 1\r\nB: 2\r\n" +
            "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", Encoding.ASCII.GetString(_buffer, 0, written));
    }

    [Theory]
    [InlineData("To: sip:bob@biloxi.com", "To: sip:bob@biloxi.com;tag=x")]
    [InlineData("t : <sip:bob@biloxi.com>;a=b  ", "To: <sip:bob@biloxi.com>;a=b;tag=x")]
    [InlineData("To: <sip:bob@biloxi.com>;tag=y", "To: <sip:bob@biloxi.com>;tag=y")]
    [InlineData("To: nonsense", "To: nonsense")]
    [InlineData("Subject: none", null)]
    public void A_to_without_tag_gets_one(string row, string? expected)
    {
        var writer = new SipResponseWriter(_buffer);
        writer.Start(TestMessage.Of(row).View, 404, "x"u8);
        Assert.True(writer.TryFinish(out int written));
        string[] rows = Encoding.ASCII.GetString(_buffer, 0, written).Split("\r\n");
        Assert.Equal("SIP/2.0 404 Not Found", rows[0]);
        Assert.Equal(expected is null ? "Content-Length: 0" : expected, rows[1]);
    }

    [Fact]
    public void A_100_has_the_timestamp_and_no_tag()
    {
        var invite = new TestMessage(Invite.Replace("Max-Forwards: 70", "Timestamp: 54"));
        var writer = new SipResponseWriter(_buffer);
        writer.Start(invite.View, 100, default, "Just a moment"u8);
        Assert.True(writer.TryFinish(out int written));
        string text = Encoding.ASCII.GetString(_buffer, 0, written);
        Assert.StartsWith("SIP/2.0 100 Just a moment\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nTimestamp: 54\r\n", text, StringComparison.Ordinal);
        Assert.Contains("\r\nTo: Bob <sip:bob@biloxi.com>\r\n", text, StringComparison.Ordinal);
        for (int size = 0; size < written; size++)
        {
            var small = new SipResponseWriter(_buffer.AsSpan(0, size));
            small.Start(invite.View, 100, default, "Just a moment"u8);
            Assert.False(small.TryFinish(out int none));
            Assert.Equal(0, none);
        }
    }

    [Fact]
    public void Misuse_is_refused()
    {
        var request = new TestMessage(Invite);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SipResponseWriter(_buffer).Start(request.View, 99));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SipResponseWriter(_buffer).Start(request.View, 700));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).Start(request.View, 200, default, "a\r\nb"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).Start(request.View, 200, "a\r\nb"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddHeader(HeaderId.Contact, "a\r\nb"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddHeader("a:"u8, "b"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddHeader("a"u8, "b\n"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddRows("a: b"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddRows("a: b\r\n\r\nc: d\r\n"u8));
        Assert.Throws<ArgumentException>(() => new SipResponseWriter(_buffer).AddRows("\r\n"u8));
    }

    [Fact]
    public void Every_status_has_a_phrase()
    {
        for (int status = 100; status < 700; status++) Assert.True(ReasonPhrases.Get(status).Length > 1);
        Assert.Equal("Decline", Encoding.ASCII.GetString(ReasonPhrases.Get(603)));
        Assert.Equal("Request Failure", Encoding.ASCII.GetString(ReasonPhrases.Get(499)));
    }

    [Fact]
    public void A_kept_message_is_the_same_as_the_one_that_came()
    {
        var buffers = new BufferPool();
        var pool = new SipMessagePool(buffers);
        var invite = new TestMessage("\r\n" + Invite + "body");
        SipMessage kept = pool.Copy(invite.View);
        Array.Clear(invite.Bytes);
        Assert.Equal(Invite + "body", TestMessage.Text(kept.View.Bytes));
        Assert.Equal(HeaderStatus.Ok, kept.View.TryGetCSeq(out CSeqView cseq));
        Assert.Equal(986759u, cseq.Number);
        Assert.Equal(SipMethod.Invite, kept.View.Method);
        Assert.Equal("sip:bob@biloxi.com", TestMessage.Text(kept.View.RequestUri));
        kept.Retain().Release();
        Assert.Equal(1, pool.Outstanding);
        kept.Release();
        Assert.Equal(0, pool.Outstanding);
        Assert.Equal(0, buffers.Outstanding);
        Assert.Same(kept, pool.Copy(new TestMessage(Invite).View));
        kept.Release();
    }

    [Fact]
    public void Written_bytes_become_a_kept_message()
    {
        var buffers = new BufferPool();
        var pool = new SipMessagePool(buffers, new SipLimits { MaxHeaderCount = 8 });
        Assert.True(pool.TryAdopt(buffers.Copy(Encoding.ASCII.GetBytes(Invite)), out SipMessage? message, out SipParseResult result));
        Assert.True(result.IsMessage);
        Assert.Equal(Invite, TestMessage.Text(message.Buffer.Span));
        message.Release();
        Assert.False(pool.TryAdopt(buffers.Copy("nonsense"u8), out message, out result));
        Assert.Null(message);
        Assert.Equal(SipParseError.NotSip, result.Error);
        Assert.Equal(0, pool.Outstanding);
        Assert.Equal(0, buffers.Outstanding);
    }

    [Fact]
    public void A_kept_message_may_have_more_rows_than_its_pools_limit()
    {
        var pool = new SipMessagePool(new BufferPool(), new SipLimits { MaxHeaderCount = 8 });
        TestMessage message = TestMessage.Of([.. Enumerable.Range(0, 120).Select(i => $"X-{i}: {i}")]);
        SipMessage kept = pool.Copy(message.View);
        Assert.Equal(120, kept.View.Index.Count);
        kept.Release();
    }
}
