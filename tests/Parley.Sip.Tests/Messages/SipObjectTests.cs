using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipObjectTests
{
    private static readonly SipUri Bob = SipUri.Parse("sip:bob@biloxi.example");

    [Theory]
    [InlineData("Bob <sip:bob@h>", "Bob", "Bob <sip:bob@h>")]
    [InlineData("<sip:bob@h>;tag=1;x=\"a;b\";flag", null, "<sip:bob@h>;tag=1;x=\"a;b\";flag")]
    [InlineData("sip:bob@h;tag=1", null, "<sip:bob@h>;tag=1")]
    [InlineData("\"A. G. Bell\"  <sip:agb@h>", "A. G. Bell", "\"A. G. Bell\" <sip:agb@h>")]
    [InlineData("Watson Thomas <sip:w@h>", "Watson Thomas", "\"Watson Thomas\" <sip:w@h>")]
    [InlineData("\"a \\\"b\\\" \\\\ c\" <sip:w@h>", "a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\" <sip:w@h>")]
    [InlineData("\"\" <sip:w@h>", null, "<sip:w@h>")]
    [InlineData("Jürgen <sip:w@h>", "Jürgen", "\"Jürgen\" <sip:w@h>")]
    [InlineData("\"one\r\n  two\" <sip:w@h>", "one two", "\"one two\" <sip:w@h>")]
    [InlineData(" <tel:+1-201-555-0123> ;tag = 7", null, "<tel:+1-201-555-0123>;tag=7")]
    [InlineData("<sip:w@h>;received=192.0.2.1;v6=[::1];e=\"\"", null, "<sip:w@h>;received=192.0.2.1;v6=[::1];e=\"\"")]
    public void An_address_is_read_and_written(string text, string? displayName, string written)
    {
        NameAddress address = NameAddress.Parse(text);
        Assert.Equal(displayName, address.DisplayName);
        Assert.Equal(written, address.ToString());
        Assert.Equal(address, NameAddress.Parse(written));
        Assert.Equal(address.GetHashCode(), NameAddress.Parse(written).GetHashCode());
    }

    [Fact]
    public void What_was_written_is_read_as_the_same()
    {
        Prop.ForAll(Generate.Addresses.ToArbitrary(), x => NameAddress.Parse(x.ToString()).Equals(x)).QuickCheckThrowOnFailure();
        Prop.ForAll(Generate.Vias.ToArbitrary(), x => Via.Parse(x.ToString()).Equals(x)).QuickCheckThrowOnFailure();
        Prop.ForAll(Generate.Requests.ToArbitrary(), x =>
        {
            Assert.True(SipRequest.TryParse(x.ToBytes(), out SipRequest? read, out SipParseResult result), result.Reason);
            return read.Equals(x) && read.ToBytes().AsSpan().SequenceEqual(x.ToBytes());
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_accessors_read_what_was_set()
    {
        SipHeaders headers = SipHeaders.Empty
            .Add(Via.Parse("SIP/2.0/UDP a.example;branch=z9hG4bK1;received=192.0.2.1"))
            .Add(HeaderId.Via, "SIP/2.0/TCP b.example, SIP/2.0/TLS c.example")
            .Add(HeaderId.From, NameAddress.Parse("<sip:a@h>;tag=1"))
            .Add(HeaderId.To, new NameAddress(Bob).WithTag("2"))
            .Add("i", "x@y")
            .Add(new CSeq(7, "INVITE"))
            .Add("MAX-FORWARDS", "70")
            .Add(HeaderId.Contact, "\"a, b\" <sip:c,d@h>, <sip:e@h>")
            .Add(HeaderId.InReplyTo, "\"a@h, <b@h")
            .Add("X-Other", "one, two")
            .Add("x-other", " three\t");
        Assert.Equal(["UDP", "TCP", "TLS"], headers.Vias.Select(via => via.Transport));
        Assert.Equal("z9hG4bK1", headers.Vias.First().Branch);
        Assert.Equal("192.0.2.1", headers.Vias.First().Received);
        Assert.Equal("1", headers.From!.Tag);
        Assert.Equal("2", headers.To!.Tag);
        Assert.Equal("x@y", headers.CallId);
        Assert.Equal(new CSeq(7, "INVITE"), headers.CSeq);
        Assert.Equal(70, headers.MaxForwards);
        Assert.Equal(["a, b", null], headers.Addresses(HeaderId.Contact).Select(contact => contact.DisplayName));
        Assert.Equal(["\"a@h", "<b@h"], headers.Values(HeaderId.InReplyTo));
        Assert.Equal("one, two", headers["X-OTHER"]);
        Assert.Null(headers["X-Missing"]);
        Assert.Null(headers.Expires);
        Assert.Null(headers.ContentType);
        Assert.Equal("Max-Forwards", headers[6].Name);
        Assert.Equal("three", headers[^1].Value);
        Assert.Equal(2, headers.Count(row => row.Id == HeaderId.Unknown));
        Assert.Equal(9, headers.Remove("x-Other").Count);
        Assert.Same(headers, headers.Remove(HeaderId.Route));
    }

    [Fact]
    public void Rows_are_added_set_prepended_and_removed_where_they_belong()
    {
        SipHeaders headers = SipHeaders.Empty.Add(HeaderId.To, "<sip:a@h>").Add(HeaderId.Via, "SIP/2.0/UDP b").Add(HeaderId.Via, "SIP/2.0/UDP c").Add(HeaderId.Subject, "x");
        Assert.Equal("To Via:SIP/2.0/UDP a Via Via Subject", Names(headers.Prepend(HeaderId.Via, "SIP/2.0/UDP a")));
        Assert.Equal("Route:<sip:r;lr> To Via Via Subject", Names(headers.Prepend(HeaderId.Route, "<sip:r;lr>")));
        Assert.Equal("To Via:SIP/2.0/TCP d Subject", Names(headers.Set(HeaderId.Via, "SIP/2.0/TCP d")));
        Assert.Equal("To Via Via Subject Expires:5", Names(headers.Set(HeaderId.Expires, "5")));
        Assert.Equal("To Subject", Names(headers.Remove(HeaderId.Via)));
        Assert.Equal("To Via Via Subject", Names(headers));

        string Names(SipHeaders all) => string.Join(' ', all.Select(row => headers.Contains(row) ? row.Name : $"{row.Name}:{row.Value}"));
    }

    [Theory]
    [InlineData("a\r\nX-Injected: 1")]
    [InlineData("a\nX-Injected: 1")]
    [InlineData("a\rb")]
    [InlineData("a\r\n b")]
    public void No_value_can_add_a_row(string value)
    {
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add(HeaderId.Subject, value));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add("X-Other", value));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add(value, "x"));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Set(HeaderId.Subject, value));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Prepend(HeaderId.Subject, value));
        Assert.Throws<ArgumentException>(() => new NameAddress(Bob) { DisplayName = value });
        Assert.Throws<ArgumentException>(() => new NameAddress(Bob).With("x", value));
        Assert.Throws<ArgumentException>(() => new NameAddress(Bob).With(value));
        Assert.Throws<ArgumentException>(() => new NameAddress(Bob).WithTag(value));
        Assert.Throws<ArgumentException>(() => new Via(value, "h"));
        Assert.Throws<ArgumentException>(() => new Via("UDP", value));
        Assert.Throws<ArgumentException>(() => new Via("UDP", "h").With("x", value));
        Assert.Throws<ArgumentException>(() => new CSeq(1, value));
        Assert.Throws<ArgumentException>(() => new SipRequest(value, Bob));
        Assert.Throws<ArgumentException>(() => new SipResponse(200, value));
        Assert.DoesNotContain('\n', new SipUri(value, "h").ToString());
    }

    [Fact]
    public void Other_misuse_is_refused_as_well()
    {
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add(HeaderId.ContentLength, "5"));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add("l", "5"));
        Assert.Throws<ArgumentException>(() => SipHeaders.Empty.Add(HeaderId.Unknown, "5"));
        Assert.Throws<ArgumentException>(() => new NameAddress(Bob).With("not a token", "x"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CSeq(0x8000_0000, "INVITE"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SipResponse(99));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SipResponse(700));
        Assert.Throws<ArgumentException>(() => new SipRequest(SipMethod.Unknown, Bob));
        Assert.Throws<FormatException>(() => Via.Parse("SIP/3.0/UDP h"));
        Assert.Throws<FormatException>(() => NameAddress.Parse("bob"));
    }

    [Fact]
    public void A_request_is_written_with_its_length()
    {
        var request = new SipRequest(SipMethod.Message, Bob) { Headers = SipHeaders.Empty.Add(HeaderId.ContentType, "text/plain"), Body = "Grüße"u8.ToArray() };
        Assert.Equal("MESSAGE sip:bob@biloxi.example SIP/2.0\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nGrüße", request.ToString());
        Assert.Equal("text/plain", request.Headers.ContentType);
    }

    [Fact]
    public void A_response_has_what_ties_it_to_its_request()
    {
        SipRequest request = new(SipMethod.Invite, Bob)
        {
            Headers = SipHeaders.Empty.Add(HeaderId.Via, "SIP/2.0/UDP a, SIP/2.0/UDP b").Add(HeaderId.From, "<sip:a@h>;tag=1").Add(HeaderId.To, "Bob <sip:bob@h>")
                .Add(HeaderId.CallId, "1").Add(new CSeq(1, "INVITE")).Add(HeaderId.Contact, "<sip:a@h>"),
        };
        SipResponse response = SipResponse.To(request, 180, "x");
        Assert.Equal("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nFrom: <sip:a@h>;tag=1\r\nTo: Bob <sip:bob@h>;tag=x\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", response.ToString());
        Assert.True(SipResponse.TryParse(response.ToBytes(), out SipResponse? read, out _));
        Assert.Equal(response, read);
        Assert.Equal(response.GetHashCode(), read.GetHashCode());
        Assert.False(SipRequest.TryParse(response.ToBytes(), out _, out _));
        Assert.False(SipResponse.TryParse(request.ToBytes(), out _, out _));
    }

    [Fact]
    public void Every_method_has_its_name()
    {
        foreach (SipMethod method in Enum.GetValues<SipMethod>())
        {
            Assert.Equal(method.Text, Encoding.ASCII.GetString(method.Name));
            Assert.Equal(method, SipMethods.Parse(method.Name));
            if (method == SipMethod.Unknown) continue;
            Assert.Equal(method.ToString().ToUpperInvariant(), method.Text);
            Assert.Equal(SipMethod.Unknown, SipMethods.Parse(Encoding.ASCII.GetBytes(method.Text.ToLowerInvariant())));
            Assert.Equal(SipMethod.Unknown, SipMethods.Parse(Encoding.ASCII.GetBytes(method.Text[..^1] + "_")));
        }
    }

    [Fact]
    public void Every_transport_has_its_name_in_any_case()
    {
        foreach (SipTransport transport in Enum.GetValues<SipTransport>())
        {
            Assert.Equal(transport, SipTransports.Parse(transport.ViaName));
            Assert.Equal(transport, SipTransports.Parse(transport.ParameterName));
            Assert.Equal(Encoding.ASCII.GetString(transport.ViaName).ToLowerInvariant(), Encoding.ASCII.GetString(transport.ParameterName));
        }

        Assert.Equal(SipTransport.Unknown, SipTransports.Parse("UDX"u8));
        Assert.True(SipTransport.Udp.IsUnreliable);
        Assert.True(SipTransport.Wss.IsSecure);
    }
}
