using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipEditsTests
{
    private static readonly NetworkAddress Source = NetworkAddress.FromIPv4(0xC0000201, 5080);

    private readonly SipEdits _edits = new();

    [Fact]
    public void No_edit_copies_the_message_without_what_is_around_it()
    {
        var message = new TestMessage("\r\nOPTIONS sip:b SIP/2.0\r\nl: 2\r\n\r\nabcd");
        Assert.True(_edits.IsEmpty);
        Assert.Equal("OPTIONS sip:b SIP/2.0\r\nl: 2\r\n\r\nab", Apply(message));
    }

    [Theory]
    [InlineData("a.example", "a.example;received=192.0.2.1")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.1:5060", "192.0.2.1:5060")]
    [InlineData("192.0.2.2", "192.0.2.2;received=192.0.2.1")]
    [InlineData("192.0.2.1;rport", "192.0.2.1;rport=5080;received=192.0.2.1")]
    [InlineData("192.0.2.1;rport;branch=1", "192.0.2.1;rport=5080;branch=1;received=192.0.2.1")]
    [InlineData("192.0.2.1 ; RPort = 9 ;branch=1", "192.0.2.1 ; RPort=5080 ;branch=1;received=192.0.2.1")]
    [InlineData("a;received=10.0.0.1;branch=1", "a;branch=1;received=192.0.2.1")]
    [InlineData("192.0.2.1;received=10.0.0.1;rport", "192.0.2.1;rport=5080;received=192.0.2.1")]
    [InlineData("a;x=y, SIP/2.0/TCP b;rport", "a;x=y;received=192.0.2.1, SIP/2.0/TCP b;rport")]
    [InlineData("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]")]
    public void The_topmost_via_is_stamped_with_the_source(string sent, string expected)
    {
        TestMessage message = TestMessage.Of("Via: SIP/2.0/UDP " + sent, "v: SIP/2.0/UDP z;rport");
        Assert.Equal(HeaderStatus.Ok, message.View.TryGetVia(out ViaView via));
        _edits.StampVia(via, Source);
        Assert.Equal(Text(message).Replace(sent + "\r\n", expected + "\r\n"), Apply(message));

        // A response has it the same, but for white space.
        var buffer = new byte[1000];
        var writer = new SipResponseWriter(buffer);
        writer.Start(message.View, 200, default, default, Source);
        Assert.True(writer.TryFinish(out int written));
        Assert.Equal($"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {expected}\r\nv: SIP/2.0/UDP z;rport\r\nContent-Length: 0\r\n\r\n".Replace(" ;", ";").Replace("; ", ";"),
            Encoding.ASCII.GetString(buffer, 0, written).Replace(" ;", ";").Replace("; ", ";"));
    }

    [Fact]
    public void An_IPv6_source_is_stamped_without_brackets()
    {
        TestMessage message = TestMessage.Of("Via: SIP/2.0/UDP a");
        message.View.TryGetVia(out ViaView via);
        Assert.True(NetworkAddress.TryParse("[2001:db8::1]:7", out NetworkAddress source));
        _edits.StampVia(via, source);
        Assert.Equal(Text(message).Replace("UDP a", "UDP a;received=2001:db8::1"), Apply(message));
    }

    [Theory]
    [InlineData("Route: <sip:a>, <sip:b>|Route: <sip:c>", 1, "Route: <sip:b>|Route: <sip:c>")]
    [InlineData("Route: <sip:a>, <sip:b>|Route: <sip:c>", 2, "Route: <sip:c>")]
    [InlineData("Route: <sip:a>, <sip:b>|X: 1|Route: <sip:c>, <sip:d>|Y: 2", 3, "X: 1|Route: <sip:d>|Y: 2")]
    [InlineData("Route: <sip:a>|X: 1|Route: <sip:c>", 1, "X: 1|Route: <sip:c>")]
    [InlineData("Route: <sip:a>|X: 1", 5, "X: 1")]
    [InlineData("Route: <sip:a>,\r\n <sip:b>|X: 1", 1, "Route: <sip:b>|X: 1")]
    [InlineData("Route: <sip:a>,\r\n <sip:b>|X: 1", 0, "Route: <sip:a>,\r\n <sip:b>|X: 1")]
    [InlineData("X: 1", 1, "X: 1")]
    [InlineData("Route:|X: 1", 1, "Route:|X: 1")]
    public void First_values_go_with_or_without_their_row(string rows, int count, string expected)
    {
        TestMessage message = TestMessage.With(rows.Split('|'));
        _edits.RemoveFirstValues(message.View, HeaderId.Route, count);
        Assert.Equal(Text(TestMessage.With(expected.Split('|'))), Apply(message));
    }

    [Theory]
    [InlineData("Route: <sip:a>, <sip:b>|X: 1", "Route: <sip:a>|X: 1")]
    [InlineData("Route: <sip:a>|X: 1|Route: <sip:b>", "Route: <sip:a>|X: 1")]
    [InlineData("Route: <sip:a>|Route: <sip:b> , <sip:c>", "Route: <sip:a>|Route: <sip:b>")]
    [InlineData("Route: <sip:a>|X: 1", "X: 1")]
    [InlineData("X: 1", "X: 1")]
    public void The_last_value_goes_with_or_without_its_row(string rows, string expected)
    {
        TestMessage message = TestMessage.With(rows.Split('|'));
        _edits.RemoveLastValue(message.View, HeaderId.Route);
        Assert.Equal(Text(TestMessage.With(expected.Split('|'))), Apply(message));
    }

    [Fact]
    public void Rows_are_put_before_and_behind_their_kind()
    {
        TestMessage message = TestMessage.Of("A: 1", "Via: SIP/2.0/UDP a", "B: 2", "v: SIP/2.0/UDP b", "C: 3");
        _edits.PrependValue(message.View, HeaderId.Via, "SIP/2.0/UDP y"u8);
        _edits.PrependValue(message.View, HeaderId.Via, "SIP/2.0/UDP x"u8);
        _edits.AppendValue(message.View, HeaderId.Via, "SIP/2.0/UDP z"u8);
        _edits.PrependValue(message.View, HeaderId.RecordRoute, "<sip:r>"u8);
        _edits.AppendValue(message.View, HeaderId.Supported, "s"u8);
        _edits.AppendHeader(message.View, "X-Last"u8, ""u8);
        Assert.Equal(Text(TestMessage.Of("Record-Route: <sip:r>", "A: 1", "Via: SIP/2.0/UDP x", "Via: SIP/2.0/UDP y", "Via: SIP/2.0/UDP a", "B: 2", "v: SIP/2.0/UDP b",
            "Via: SIP/2.0/UDP z", "C: 3", "Supported: s", "X-Last: ")), Apply(message));
    }

    [Fact]
    public void A_header_is_set_in_its_place_once()
    {
        TestMessage message = TestMessage.Of("A: 1", "Max-Forwards: 70", "Subject:", "k: a", "B: 2", "Supported: b");
        _edits.SetMaxForwards(message.View, 69);
        _edits.SetHeader(message.View, HeaderId.Subject, "hello"u8);
        _edits.SetHeader(message.View, HeaderId.Supported, "c"u8);
        _edits.SetHeader(message.View, HeaderId.Expires, 60);
        Assert.Equal(Text(TestMessage.Of("A: 1", "Max-Forwards: 69", "Subject:hello", "k: c", "B: 2", "Expires: 60")), Apply(message));
    }

    [Fact]
    public void Headers_rows_and_values_are_removed_and_replaced()
    {
        TestMessage message = TestMessage.Of("Proxy-Authorization: Digest a=1", "A: 1", "Proxy-Authorization: Digest b=2", "Contact: <sip:a>, <sip:b>");
        _edits.RemoveHeader(message.View, HeaderId.ProxyAuthorization);
        HeaderValues contacts = message.View.Values(HeaderId.Contact);
        contacts.MoveNext();
        _edits.ReplaceValue(contacts.Current, "<sip:c>;x"u8);
        Assert.Equal(Text(TestMessage.Of("A: 1", "Contact: <sip:c>;x, <sip:b>")), Apply(message));
    }

    [Theory]
    [InlineData("c: a/b|e: gzip|l: 3", "abc", "c: x/y|l: 5")]
    [InlineData("", "abc", "Content-Type: x/y|Content-Length: 5")]
    public void A_body_is_replaced_with_its_headers(string rows, string body, string expected)
    {
        var message = new TestMessage(Text(TestMessage.Of(rows.Split('|', StringSplitOptions.RemoveEmptyEntries))) + body);
        _edits.SetBody(message.View, "x/y"u8, "12345"u8);
        string edited = Apply(message);
        Assert.Equal(Text(TestMessage.Of(expected.Split('|'))) + "12345", edited);

        _edits.Clear();
        var again = new TestMessage(edited);
        _edits.SetBody(again.View, default, default);
        Assert.Equal(Text(TestMessage.Of([.. expected.Split('|')[1..].Select(row => row.Replace("5", "0"))])), Apply(again));
    }

    [Fact]
    public void Content_Length_is_added_where_a_stream_needs_it()
    {
        var message = new TestMessage("OPTIONS sip:b SIP/2.0\r\nA: 1\r\n\r\nabcd");
        _edits.EnsureContentLength(message.View);
        Assert.Equal("OPTIONS sip:b SIP/2.0\r\nA: 1\r\nContent-Length: 4\r\n\r\nabcd", Apply(message));
        _edits.Clear();
        _edits.EnsureContentLength(new TestMessage("OPTIONS sip:b SIP/2.0\r\nl: 0\r\n\r\n").View);
        Assert.True(_edits.IsEmpty);
    }

    [Fact]
    public void Too_small_a_destination_is_told_and_the_edits_stay()
    {
        TestMessage message = TestMessage.With();
        _edits.SetRequestUri(message.View, "sip:somebody@elsewhere.example"u8);
        int length = _edits.Measure(message.View);
        for (int size = 0; size < length; size += 7) Assert.False(_edits.TryApply(message.View, new byte[size], out _));
        Assert.Equal(length, Apply(message).Length);
        _edits.SetMaxForwards(message.View, 5);     // one more for the next branch of a fork
        Assert.Contains("\r\nMax-Forwards: 5\r\n", Apply(message), StringComparison.Ordinal);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        TestMessage message = TestMessage.With("Contact: <sip:a>");
        Assert.Throws<ArgumentException>(() => _edits.SetRequestUri(message.View, "sip:a b"u8));
        Assert.Throws<ArgumentException>(() => _edits.SetRequestUri(message.View, ""u8));
        Assert.Throws<ArgumentException>(() => _edits.PrependValue(message.View, HeaderId.Via, "x\r\nY: z"u8));
        Assert.Throws<ArgumentException>(() => _edits.AppendValue(message.View, HeaderId.Via, "x\n"u8));
        Assert.Throws<ArgumentException>(() => _edits.AppendHeader(message.View, "a b"u8, "x"u8));
        Assert.Throws<ArgumentException>(() => _edits.AppendHeader(message.View, "a"u8, "x\r"u8));
        Assert.Throws<ArgumentException>(() => _edits.SetHeader(message.View, HeaderId.Contact, "x\r\n"u8));
        Assert.Throws<ArgumentException>(() => _edits.SetBody(message.View, "x\r\nY: z"u8, "b"u8));
        Assert.Throws<ArgumentOutOfRangeException>(() => _edits.Insert(-1, "x"u8));
        _edits.Clear();
        _edits.SetHeader(message.View, HeaderId.Contact, "<sip:a>,\r\n <sip:b>"u8);    // a fold ends no row
        Assert.Contains("<sip:a>,\r\n <sip:b>\r\n", Apply(message), StringComparison.Ordinal);
        _edits.Clear();
        _edits.Remove(message.Bytes.Length, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => _edits.TryApply(message.View, new byte[1000], out _));
    }

    [Fact]
    public void An_edited_message_equals_a_rebuilt_one()
    {
        var cases = from request in Generate.Requests
                    from hops in Gen.Choose(0, 255)
                    from uri in Generate.Uris
                    from via in Generate.Vias
                    from routes in Gen.Choose(0, 3)
                    from body in Generate.Bodies
                    select (Request: request, Hops: hops, Uri: uri, Via: via, Routes: routes, Body: body);
        Prop.ForAll(cases.ToArbitrary(), x =>
        {
            var message = new TestMessage(x.Request.ToBytes());
            _edits.Clear();
            _edits.SetRequestUri(message.View, x.Uri.ToBytes());
            _edits.SetMaxForwards(message.View, x.Hops);
            _edits.PrependValue(message.View, HeaderId.Via, Encoding.UTF8.GetBytes(x.Via.ToString()));
            _edits.RemoveFirstValues(message.View, HeaderId.Route, x.Routes);
            _edits.RemoveHeader(message.View, HeaderId.From);
            _edits.SetBody(message.View, "a/b"u8, x.Body);

            SipHeaders headers = x.Request.Headers.Prepend(HeaderId.Via, x.Via.ToString()).Set(HeaderId.MaxForwards, $"{x.Hops}").Remove(HeaderId.From);
            string[] routes = [.. headers.Values(HeaderId.Route).Skip(x.Routes)];
            headers = x.Body.Length == 0 ? headers.Remove(HeaderId.ContentType) : headers.Set(HeaderId.ContentType, "a/b");
            var buffer = new byte[_edits.Measure(message.View)];
            Assert.True(_edits.TryApply(message.View, buffer, out int written));
            Assert.Equal(buffer.Length, written);
            Assert.True(SipRequest.TryParse(buffer, out SipRequest? edited, out SipParseResult result), result.Reason);
            Assert.Equal(routes, edited.Headers.Values(HeaderId.Route));
            Assert.Equal(x.Uri, edited.Uri);
            Assert.Equal(x.Body, edited.Body.ToArray());
            return ByName(edited.Headers.Remove(HeaderId.Route)).SequenceEqual(ByName(headers.Remove(HeaderId.Route)));
        }).QuickCheckThrowOnFailure();

        // Where a new row stands among others of other names means nothing (RFC 3261 7.3.1).
        static IEnumerable<SipHeader> ByName(SipHeaders headers) => headers.OrderBy(row => row.Name, StringComparer.OrdinalIgnoreCase);
    }

    private static string Text(TestMessage message) => Encoding.UTF8.GetString(message.Bytes);

    private string Apply(TestMessage message)
    {
        var buffer = new byte[_edits.Measure(message.View)];
        Assert.True(_edits.TryApply(message.View, buffer, out int written));
        Assert.Equal(buffer.Length, written);
        return Encoding.UTF8.GetString(buffer);
    }
}
