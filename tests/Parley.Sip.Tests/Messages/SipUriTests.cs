using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class SipUriTests
{
    // RFC 3261 19.1.3 and 25.1, RFC 3966 6: text | scheme user password host port parameters headers.
    [Theory]
    [InlineData("sip:alice@atlanta.com", "Sip|alice|-|atlanta.com|0||")]
    [InlineData("sip:alice:secretword@atlanta.com;transport=tcp", "Sip|alice|secretword|atlanta.com|0|;transport=tcp|")]
    [InlineData("sips:alice@atlanta.com?subject=project%20x&priority=urgent", "Sips|alice|-|atlanta.com|0||subject=project%20x&priority=urgent")]
    [InlineData("sip:+1-212-555-1212:1234@gateway.com;user=phone", "Sip|+1-212-555-1212|1234|gateway.com|0|;user=phone|")]
    [InlineData("sips:1212@gateway.com", "Sips|1212|-|gateway.com|0||")]
    [InlineData("sip:alice@192.0.2.4", "Sip|alice|-|192.0.2.4|0||")]
    [InlineData("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "Sip|-|-|atlanta.com|0|;method=REGISTER|to=alice%40atlanta.com")]
    [InlineData("sip:alice;day=tuesday@atlanta.com", "Sip|alice;day=tuesday|-|atlanta.com|0||")]
    [InlineData("SIP:j%40s0n@AtLaNtA.com:5070", "Sip|j%40s0n|-|AtLaNtA.com|5070||")]
    [InlineData("sip:[2001:db8::1]:5060;lr", "Sip|-|-|[2001:db8::1]|5060|;lr|")]
    [InlineData("sip:user@[::ffff:192.0.2.1]", "Sip|user|-|[::ffff:192.0.2.1]|0||")]
    [InlineData("sip:user:@h", "Sip|user||h|0||")]
    [InlineData("sip:a&b=c+d$e,f;g?h/i@h", "Sip|a&b=c+d$e,f;g?h/i|-|h|0||")]
    [InlineData("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com", "Sip|1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*|&it+has=1,weird!*pas$wo~d_too.(doesn't-it)|example.com|0||")]
    [InlineData("sip:*72#@pbx_1.local", "Sip|*72#|-|pbx_1.local|0||")]
    [InlineData("sip:host;maddr=239.255.255.1;ttl=15;;x=", null)]
    [InlineData("sip:host;maddr=239.255.255.1;ttl=15;x=", "Sip|-|-|host|0|;maddr=239.255.255.1;ttl=15;x=|")]
    [InlineData("sip:host.", "Sip|-|-|host.|0||")]
    [InlineData("tel:+1-201-555-0123", "Tel|+1-201-555-0123|-||0||")]
    [InlineData("tel:7042;phone-context=example.com", "Tel|7042|-||0|;phone-context=example.com|")]
    [InlineData("TEL:863-1234;phone-context=+1-914-555", "Tel|863-1234|-||0|;phone-context=+1-914-555|")]
    [InlineData("http://www.example.com/x?y=z", "Other|-|-||0||")]
    [InlineData("urn:service:sos", "Other|-|-||0||")]
    [InlineData("", null)]
    [InlineData("sip:", null)]
    [InlineData("sip", null)]
    [InlineData(":x", null)]
    [InlineData("1sip:x", null)]
    [InlineData("sip:@host", null)]
    [InlineData("sip:user@", null)]
    [InlineData("sip:a@b@c", null)]
    [InlineData("sip:user@host:", null)]
    [InlineData("sip:user@host:0", null)]
    [InlineData("sip:user@host:65536", null)]
    [InlineData("sip:user@host:50a", null)]
    [InlineData("sip:user@ho st", null)]
    [InlineData("sip:user@host\r\n", null)]
    [InlineData("sip:us%4er%@host", null)]
    [InlineData("sip:us%4ger@host", null)]
    [InlineData("sip:user@ho%73t", null)]
    [InlineData("sip:user@-host", null)]
    [InlineData("sip:user@[::1", null)]
    [InlineData("sip:user@[::g]", null)]
    [InlineData("sip:user@[fe80::1%eth0]", null)]
    [InlineData("sip:user@[192.0.2.1]", null)]
    [InlineData("sip:user@host;=x", null)]
    [InlineData("sip:user@host;x=%4", null)]
    [InlineData("<sip:user@host>", null)]
    [InlineData("sip:\"user\"@host", null)]
    [InlineData("tel:", null)]
    [InlineData("tel:abz", null)]
    [InlineData("http:", null)]
    public void A_uri_has_its_parts(string text, string? expected)
    {
        bool isUri = SipUriView.TryParse(Encoding.UTF8.GetBytes(text), 100, out SipUriView uri);
        Assert.Equal(expected is not null, isUri);
        Assert.Equal(isUri, SipUri.TryParse(text, out SipUri? parsed));
        if (!isUri) return;
        string parts = string.Join('|', uri.Scheme, uri.HasUser ? TestMessage.Text(uri.User) : "-", uri.HasPassword ? TestMessage.Text(uri.Password) : "-",
            TestMessage.Text(uri.Host), uri.Port, TestMessage.Text(uri.Parameters.Bytes), TestMessage.Text(uri.Headers));
        Assert.Equal(expected, parts);
        Assert.Equal(100, uri.Offset);
        Assert.Equal(text, uri.ToString());

        // What the object writes means the same, and is read as the same object.
        SipUri again = SipUri.Parse(parsed!.ToString());
        Assert.Equal(parsed, again);
        Assert.True(SipUriView.TryParse(parsed.ToBytes(), out SipUriView written));
        Assert.True(SipUriView.Equivalent(uri, written), $"{text} was written as {parsed}");
    }

    [Fact]
    public void Parameters_are_found_in_any_case()
    {
        Assert.True(SipUriView.TryParse("sip:h;Transport=TLS;LR;MAddr=239.1.1.1;ttl=16;x=y"u8, out SipUriView uri));
        Assert.Equal(SipTransport.Tls, uri.Transport);
        Assert.True(uri.IsLooseRouter);
        Assert.Equal("239.1.1.1", TestMessage.Text(uri.MulticastAddress));
        Assert.Equal(16, uri.TimeToLive);
        Assert.False(uri.Parameters.TryGet("y"u8, out _));
        Assert.True(uri.Parameters.TryGet("x"u8, out UriParameterView x));
        Assert.Equal("y", TestMessage.Text(x.Value));
        Assert.Equal(";x=y", TestMessage.Text(uri.Bytes[x.Offset..x.End]));
        Assert.True(SipUriView.TryParse("sip:h;ttl=256;transport=pigeon"u8, out uri));
        Assert.Equal(-1, uri.TimeToLive);
        Assert.Equal(SipTransport.Unknown, uri.Transport);
        Assert.False(uri.IsLooseRouter);
    }

    // RFC 3261 19.1.4, its examples and rules; RFC 3966 5.
    [Theory]
    [InlineData("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true)]
    [InlineData("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true)]
    [InlineData("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com", "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true)]
    [InlineData("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true)]
    [InlineData("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false)]
    [InlineData("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;security=off", true)]
    [InlineData("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false)]
    [InlineData("sip:a@h", "sips:a@h", false)]
    [InlineData("sip:h", "sip:a@h", false)]
    [InlineData("sip:a@h", "sip:a:@h", false)]
    [InlineData("sip:a:p@h", "sip:a:P@h", false)]
    [InlineData("sip:a@h", "sip:a@h;user=ip", false)]
    [InlineData("sip:a@h", "sip:a@h;ttl=1", false)]
    [InlineData("sip:a@h", "sip:a@h;method=INVITE", false)]
    [InlineData("sip:a@h", "sip:a@h;maddr=h", false)]
    [InlineData("sip:a@h;lr", "sip:a@h", true)]
    [InlineData("sip:a@h;lr", "sip:a@h;lr=on", false)]
    [InlineData("sip:a;b@h", "sip:a%3bb@h", false)]
    [InlineData("sip:a%3bb@h", "sip:a%3Bb@h", true)]
    [InlineData("sip:a%2eb@h", "sip:a.b@h", true)]
    [InlineData("sip:a@[2001:db8:0:0::1]", "sip:a@[2001:DB8::1]", true)]
    [InlineData("sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]", false)]
    [InlineData("sip:a@h?a=1&a=2", "sip:a@h?a=2&a=1", true)]
    [InlineData("sip:a@h?a=1&a=1", "sip:a@h?a=1&a=2", false)]
    [InlineData("sip:a@h?body=x", "sip:a@h?body=X", false)]
    [InlineData("sip:a@h?Subject=x", "sip:a@h?SUBJECT=X", true)]
    [InlineData("tel:+1-201-555-0123", "tel:+12015550123", true)]
    [InlineData("tel:+1(201)555.0123", "TEL:+12015550123", true)]
    [InlineData("tel:+12015550123", "tel:+12015550124", false)]
    [InlineData("tel:7042;phone-context=example.com", "tel:7042;phone-context=EXAMPLE.com", true)]
    [InlineData("tel:7042;phone-context=example.com", "tel:7042", false)]
    [InlineData("tel:+12015550123", "sip:+12015550123@h", false)]
    [InlineData("URN:service:sos", "urn:service:sos", true)]
    [InlineData("urn:service:sos", "urn:service:SOS", false)]
    public void Uris_are_equivalent_by_the_rules(string left, string right, bool areEquivalent)
    {
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(left), out SipUriView a));
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(right), out SipUriView b));
        Assert.Equal(areEquivalent, SipUriView.Equivalent(a, b));
        Assert.Equal(areEquivalent, SipUriView.Equivalent(b, a));
        Assert.Equal(areEquivalent, SipUri.Parse(left).IsEquivalentTo(SipUri.Parse(right)));
        Assert.True(SipUriView.Equivalent(a, a));
    }

    [Fact]
    public void Uris_with_thousands_of_parameters_are_compared_at_once()
    {
        string many = string.Concat(Enumerable.Range(0, 6000).Select(i => $";p{i}"));
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes("sip:h" + many), out SipUriView a));
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes("sip:h" + many + ";x"), out SipUriView b));
        Assert.True(SipUriView.Equivalent(a, a));
        Assert.False(SipUriView.Equivalent(a, b));
    }

    [Theory]
    [InlineData("alice", "sip:alice@h")]
    [InlineData("j@s0n", "sip:j%40s0n@h")]
    [InlineData("a:b", "sip:a%3Ab@h")]
    [InlineData("100%", "sip:100%25@h")]
    [InlineData("Jürgen", "sip:J%C3%BCrgen@h")]
    [InlineData("*72#", "sip:*72%23@h")]
    [InlineData("a b\"<>", "sip:a%20b%22%3C%3E@h")]
    [InlineData("line\r\nend\0", "sip:line%0D%0Aend%00@h")]
    public void A_user_is_escaped_when_it_is_written(string user, string expected)
    {
        var uri = new SipUri(user, "h");
        Assert.Equal(expected, uri.ToString());
        Assert.Equal(uri, SipUri.Parse(expected));
        Assert.Equal(user, SipUri.Parse(expected).User);
    }

    [Fact]
    public void What_cannot_be_in_a_uri_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new SipUri("", "h"));
        Assert.Throws<ArgumentException>(() => new SipUri("a", "h\r\nX: y"));
        Assert.Throws<ArgumentException>(() => new SipUri("a", ""));
        Assert.Throws<ArgumentException>(() => new SipUri("a", "2001:db8::1"));
        Assert.Throws<ArgumentException>(() => SipUri.Tel("not a number"));
        Assert.Throws<ArgumentException>(() => new SipUri("a", "h").With("x", "y\r\nz"));
        Assert.Throws<ArgumentException>(() => new SipUri("a", "h").With(""));
        Assert.Throws<FormatException>(() => SipUri.Parse("sip:"));
        Assert.False(SipUri.TryParse("sip:%ff@h", out _));
        Assert.False(SipUri.TryParse((string?)null, out _));
    }

    [Fact]
    public void A_changed_uri_is_another_one()
    {
        SipUri uri = SipUri.Parse("sip:alice@h:5060;transport=udp");
        Assert.Equal("sip:alice@h:5060;transport=tcp;lr", uri.With("Transport", "tcp").With("lr").ToString().Replace("Transport", "transport"));
        Assert.Equal("sip:alice@h:5060;transport=udp", uri.ToString());
        Assert.Equal("sip:bob@h", (uri with { User = "bob", Port = 0, Parameters = SipParameters.Empty }).ToString());
        Assert.Equal(SipTransport.Udp, uri.Transport);
        Assert.True(uri.TryGetAddress(out _) is false);
        Assert.True(SipUri.Parse("sip:[::1]:5061").TryGetAddress(out Core.NetworkAddress address));
        Assert.Equal("[::1]:5061", address.ToString());
        Assert.Equal("tel:+1-201-555-0123", SipUri.Tel("+1-201-555-0123").ToString());
    }

    [Fact]
    public void A_uri_that_was_written_is_read_as_the_same()
    {
        Prop.ForAll(Generate.Uris.ToArbitrary(), uri =>
        {
            SipUri read = SipUri.Parse(uri.ToString());
            return read == uri && read.User == uri.User && read.Password == uri.Password && read.Host == uri.Host && read.Port == uri.Port
                && read.Parameters.Equals(uri.Parameters) && read.Headers.Equals(uri.Headers) && read.IsEquivalentTo(uri);
        }).QuickCheckThrowOnFailure();
    }
}
