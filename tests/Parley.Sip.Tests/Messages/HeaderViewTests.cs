using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class HeaderViewTests
{
    // What IsWellFormed says of each header: the grammar of RFC 3261 25.1 or of the header's own RFC.
    [Theory]
    [InlineData(HeaderId.Accept, "application/sdp;level=1", true)]
    [InlineData(HeaderId.Accept, "*/*;q=0.5", true)]
    [InlineData(HeaderId.Accept, "application", false)]
    [InlineData(HeaderId.AcceptEncoding, "gzip;q=1.0", true)]
    [InlineData(HeaderId.AcceptLanguage, "en-gb;q=0.8", true)]
    [InlineData(HeaderId.AlertInfo, "<http://www.example.com/sounds/moo.wav>", true)]
    [InlineData(HeaderId.AlertInfo, "http://www.example.com/sounds/moo.wav", false)]
    [InlineData(HeaderId.Allow, "INVITE", true)]
    [InlineData(HeaderId.Allow, "IN VITE", false)]
    [InlineData(HeaderId.AuthenticationInfo, "nextnonce=\"47364c23432d2e131a5fb210812c\"", true)]
    [InlineData(HeaderId.Authorization, "Digest username=\"Alice\", realm=\"atlanta.com\", nonce=\"84a4cc6f3082121f32b42a2187831a9e\", response=\"7587245234b3434cc3412213e5f113a5432\"", true)]
    [InlineData(HeaderId.Authorization, "NoOneKnowsThisScheme opaque-data=here", true)]
    [InlineData(HeaderId.Authorization, "Digest", false)]
    [InlineData(HeaderId.Authorization, "Digest username=\"Alice", false)]
    [InlineData(HeaderId.Authorization, "Digest username", false)]
    [InlineData(HeaderId.CallId, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.com", true)]
    [InlineData(HeaderId.CallId, "(<\"[intmeth.{word%ZK-!.*_+'@word`~)(><:\\/[]?{}", true)]
    [InlineData(HeaderId.CallId, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", true)]
    [InlineData(HeaderId.CallId, "a@b@c", false)]
    [InlineData(HeaderId.CallId, "@b", false)]
    [InlineData(HeaderId.CallId, "a b", false)]
    [InlineData(HeaderId.CallInfo, "<http://wwww.example.com/alice/photo.jpg> ;purpose=icon", true)]
    [InlineData(HeaderId.Contact, "\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com>;q=0.7; expires=3600", true)]
    [InlineData(HeaderId.Contact, "*", true)]
    [InlineData(HeaderId.Contact, "sip:user@example.com?Route=%3Csip:sip.example.com%3E", false)]
    [InlineData(HeaderId.Contact, "<sip:a@b>;q=1.1", false)]
    [InlineData(HeaderId.Contact, "<sip:a@b>;q=0.1234", false)]
    [InlineData(HeaderId.Contact, "<sip:a@b;lr", false)]
    [InlineData(HeaderId.Contact, "<sip:a@b>;;q=1", false)]
    [InlineData(HeaderId.Contact, "<sip:a@b>;q=", false)]
    [InlineData(HeaderId.ContentDisposition, "session;handling=optional", true)]
    [InlineData(HeaderId.ContentEncoding, "gzip", true)]
    [InlineData(HeaderId.ContentLanguage, "fr", true)]
    [InlineData(HeaderId.ContentLength, "349", true)]
    [InlineData(HeaderId.ContentLength, "-1", false)]
    [InlineData(HeaderId.ContentType, "text/html; charset=ISO-8859-4", true)]
    [InlineData(HeaderId.ContentType, "multipart / mixed ; boundary = \"a b\"", true)]
    [InlineData(HeaderId.ContentType, "text/", false)]
    [InlineData(HeaderId.ContentType, "text/html;", false)]
    [InlineData(HeaderId.CSeq, "4711 INVITE", true)]
    [InlineData(HeaderId.CSeq, "0009\r\n  INVITE", true)]
    [InlineData(HeaderId.CSeq, "2147483647 INVITE", true)]
    [InlineData(HeaderId.CSeq, "2147483648 INVITE", false)]
    [InlineData(HeaderId.CSeq, "36893488147419103232 REGISTER", false)]
    [InlineData(HeaderId.CSeq, "INVITE", false)]
    [InlineData(HeaderId.CSeq, "1", false)]
    [InlineData(HeaderId.CSeq, "1 IN VITE", false)]
    [InlineData(HeaderId.Date, "Sat, 13 Nov 2010 23:29:00 GMT", true)]
    [InlineData(HeaderId.ErrorInfo, "<sip:not-in-service-recording@atlanta.com>", true)]
    [InlineData(HeaderId.Expires, "5", true)]
    [InlineData(HeaderId.Expires, "10000000000", true)]
    [InlineData(HeaderId.Expires, "5s", false)]
    [InlineData(HeaderId.From, "\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s", true)]
    [InlineData(HeaderId.From, "sip:+12125551212@server.phone2net.com;tag=887s", true)]
    [InlineData(HeaderId.From, "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", true)]
    [InlineData(HeaderId.From, "Bell, Alexander <sip:a.g.bell@example.com>;tag=43", false)]
    [InlineData(HeaderId.From, "\"Bell\" sip:a@b;tag=43", false)]
    [InlineData(HeaderId.From, "<sip:a@b> x", false)]
    [InlineData(HeaderId.From, "<sip:a@b>;tag=1;tag=2", false)]
    [InlineData(HeaderId.From, "<sip:a@b>;tag", false)]
    [InlineData(HeaderId.From, "\"Bell <sip:a@b>", false)]
    [InlineData(HeaderId.To, "\"Watson, Thomas\" < t.watson@example.org >", false)]
    [InlineData(HeaderId.To, "isbn:2983792873", true)]
    [InlineData(HeaderId.InReplyTo, "70710@saturn.bell-tel.com", true)]
    [InlineData(HeaderId.MaxForwards, "6", true)]
    [InlineData(HeaderId.MinExpires, "60", true)]
    [InlineData(HeaderId.Priority, "non-urgent", true)]
    [InlineData(HeaderId.ProxyAuthenticate, "Digest realm=\"atlanta.com\", domain=\"sip:ss1.carrier.com\", qop=\"auth\", nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", opaque=\"\", stale=FALSE, algorithm=MD5", true)]
    [InlineData(HeaderId.ProxyRequire, "foo", true)]
    [InlineData(HeaderId.RecordRoute, "<sip:server10.biloxi.com;lr>", true)]
    [InlineData(HeaderId.RecordRoute, "sip:server10.biloxi.com;lr", false)]
    [InlineData(HeaderId.ReplyTo, "Bob <sip:bob@biloxi.com>", true)]
    [InlineData(HeaderId.Require, "100rel", true)]
    [InlineData(HeaderId.RetryAfter, "18000;duration=3600", true)]
    [InlineData(HeaderId.RetryAfter, "120 (I'm in a (long) meeting \\) )", true)]
    [InlineData(HeaderId.RetryAfter, "120 (I'm in a meeting", false)]
    [InlineData(HeaderId.RetryAfter, "soon", false)]
    [InlineData(HeaderId.Route, "<sip:bigbox3.site3.atlanta.com;lr>", true)]
    [InlineData(HeaderId.Subject, "Need more \"boxes", true)]
    [InlineData(HeaderId.Supported, "100rel", true)]
    [InlineData(HeaderId.Unsupported, "foo", true)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7", true)]
    [InlineData(HeaderId.Via, "SIP / 2.0 / UDP first.example.com: 4000;ttl=16\r\n  ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1", true)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP", false)]
    [InlineData(HeaderId.Via, "SIP/2.0 host", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDPhost", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host:", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host:99999", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP [::1;branch=1", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP ho@st", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host;ttl=256", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host;rport=x", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host;received=name", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP host;branch=1;branch=2", false)]
    [InlineData(HeaderId.Via, "SIP/2.0/UDP 192.168.1.1 ;;,;,,", false)]
    [InlineData(HeaderId.WwwAuthenticate, "Digest realm=\"atlanta.com\", qop=\"auth,auth-int\", nonce=\"x\"", true)]
    [InlineData(HeaderId.RAck, "776656 1 INVITE", true)]
    [InlineData(HeaderId.RAck, "776656 INVITE", false)]
    [InlineData(HeaderId.RSeq, "988789", true)]
    [InlineData(HeaderId.Event, "presence;id=1", true)]
    [InlineData(HeaderId.Event, ";id=1", false)]
    [InlineData(HeaderId.SubscriptionState, "active;expires=60", true)]
    [InlineData(HeaderId.Privacy, "id;header", true)]
    [InlineData(HeaderId.PAssertedIdentity, "\"Cullen Jennings\" <sip:fluffy@cisco.com>", true)]
    [InlineData(HeaderId.Reason, "Q.850;cause=16;text=\"Terminated\"", true)]
    [InlineData(HeaderId.Path, "<sip:P1.EXAMPLEVISITED.COM;lr>", true)]
    [InlineData(HeaderId.ReferTo, "<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>", true)]
    [InlineData(HeaderId.ServiceRoute, "<sip:orig@proxy.example.com;lr>", true)]
    [InlineData(HeaderId.Replaces, "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff", true)]
    [InlineData(HeaderId.Replaces, "a b;from-tag=r33th4x0r;to-tag=ff87ff", false)]
    [InlineData(HeaderId.ReferredBy, "<sip:r@ref.example>;cid=\"2UWQFN309shb3@ref.example\"", true)]
    [InlineData(HeaderId.SipETag, "dx200xyz", true)]
    [InlineData(HeaderId.SessionExpires, "4000;refresher=uac", true)]
    [InlineData(HeaderId.SessionExpires, ";refresher=uac", false)]
    [InlineData(HeaderId.MinSE, "3600;lr", true)]
    [InlineData(HeaderId.FlowTimer, "126", true)]
    [InlineData(HeaderId.HistoryInfo, "<sip:UserA@ims.example.com>;index=1", true)]
    [InlineData(HeaderId.Diversion, "<tel:+1-201-555-0123>;reason=no-answer", true)]
    [InlineData(HeaderId.SessionId, "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2", true)]
    [InlineData(HeaderId.UserToUser, "56a390f3d2b7310023a2;encoding=hex", true)]
    [InlineData(HeaderId.TargetDialog, "fa77as7dad8-sd98ajzz@host.example.com ;local-tag=kkaz- ;remote-tag=6544", true)]
    [InlineData(HeaderId.Unknown, "anything \" goes < here", true)]
    public void A_value_follows_the_grammar_of_its_header(HeaderId id, string value, bool isWellFormed)
    {
        Assert.Equal(isWellFormed, HeaderGrammar.IsWellFormed(id, Encoding.UTF8.GetBytes(value)));
    }

    [Theory]
    [InlineData(HeaderId.Route, "Route: <sip:alice@atlanta.com>|Subject: Lunch|Route: <sip:bob@biloxi.com>|Route: <sip:carol@chicago.com>")]
    [InlineData(HeaderId.Route, "Route: <sip:alice@atlanta.com>, <sip:bob@biloxi.com>|Route: <sip:carol@chicago.com>|Subject: Lunch")]
    [InlineData(HeaderId.Route, "Subject: Lunch|ROUTE: <sip:alice@atlanta.com>, <sip:bob@biloxi.com>,\r\n       <sip:carol@chicago.com>")]
    [InlineData(HeaderId.Route, "Route:<sip:alice@atlanta.com>,,<sip:bob@biloxi.com>  ,\t<sip:carol@chicago.com> ,")]
    public void Rows_and_commas_mean_the_same(HeaderId id, string rows)
    {
        TestMessage message = TestMessage.With(rows.Split('|'));
        Assert.Equal(["<sip:alice@atlanta.com>", "<sip:bob@biloxi.com>", "<sip:carol@chicago.com>"], message.Values(id));
    }

    [Theory]
    [InlineData(HeaderId.Contact, "m: \"Bell, A. \\\", \" <sip:a,b@h>;x=\"1,2\", <sip:c>", "\"Bell, A. \\\", \" <sip:a,b@h>;x=\"1,2\"|<sip:c>")]
    [InlineData(HeaderId.InReplyTo, "In-Reply-To: \"a@h, <b@h", "\"a@h|<b@h")]
    [InlineData(HeaderId.Warning, "Warning: 307 isi.edu \"a, b\", 301 isi.edu \"c\"", "307 isi.edu \"a, b\"|301 isi.edu \"c\"")]
    [InlineData(HeaderId.Date, "Date: Sat, 13 Nov 2010 23:29:00 GMT", "Sat, 13 Nov 2010 23:29:00 GMT")]
    [InlineData(HeaderId.Authorization, "Authorization: Digest a=1, b=2", "Digest a=1, b=2")]
    [InlineData(HeaderId.Supported, "k:", "")]
    [InlineData(HeaderId.Supported, "k: a, b|Supported:|SUPPORTED:c", "a|b|c")]
    [InlineData(HeaderId.AllowEvents, "u:presence,dialog", "presence|dialog")]
    [InlineData(HeaderId.Contact, "m: <sip:a>, <sip:b, <sip:c", "<sip:a>|<sip:b, <sip:c")]
    [InlineData(HeaderId.Contact, "m: \"a <sip:a>, <sip:b>|m: <sip:c>", "\"a <sip:a>, <sip:b>|<sip:c>")]
    public void Commas_part_values_only_where_they_may(HeaderId id, string rows, string expected)
    {
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), TestMessage.With(rows.Split('|')).Values(id));
    }

    [Fact]
    public void A_value_that_never_closes_is_malformed_and_says_so()
    {
        TestMessage message = TestMessage.With("Contact: <sip:a>, \"b <sip:b>");
        HeaderValues values = message.View.Values(HeaderId.Contact);
        Assert.True(values.MoveNext());
        Assert.True(values.Current.IsClosed);
        Assert.True(values.MoveNext());
        Assert.False(values.Current.IsClosed);
        Assert.False(ContactView.TryParse(values.Current, out _));
        Assert.False(values.MoveNext());
        Assert.False(values.MoveNext());
    }

    [Fact]
    public void A_via_has_its_parts()
    {
        TestMessage message = TestMessage.Of("v:  SIP  / 2.0  / tls\r\n  [2001:db8::9:1]: 4000 ; ttl=16\r\n ;maddr=224.2.0.1 ;Branch = z9hG4bKa7.1;received=2001:db8::9:255;rport=7;x=\"\\\"\", SIP/2.0/UDP h");
        Assert.Equal(HeaderStatus.Ok, message.View.TryGetVia(out ViaView via));
        Assert.True(via.IsSip2);
        Assert.Equal(SipTransport.Tls, via.Transport);
        Assert.Equal("tls", TestMessage.Text(via.TransportBytes));
        Assert.Equal("[2001:db8::9:1]", TestMessage.Text(via.Host));
        Assert.Equal(4000, via.Port);
        Assert.Equal("z9hG4bKa7.1", TestMessage.Text(via.Branch));
        Assert.True(via.HasRfc3261Branch);
        Assert.Equal("2001:db8::9:255", TestMessage.Text(via.Received));
        Assert.True(via.HasRport);
        Assert.Equal(7, via.Rport);
        Assert.Equal("224.2.0.1", TestMessage.Text(via.MulticastAddress));
        Assert.Equal(16, via.TimeToLive);
        Assert.True(via.Parameters.TryGet("X"u8, out ParameterView x));
        Assert.True(x.IsQuoted);
        Assert.Equal("\\\"", TestMessage.Text(x.Value));
        Assert.Equal(";x=\"\\\"\"", TestMessage.Text(message.Bytes.AsSpan()[x.Offset..x.End]));
        Assert.Equal("SIP", TestMessage.Text(message.Bytes.AsSpan(via.Offset, 3)));
        Assert.True(via.TryGetSentByAddress(5061, out Core.NetworkAddress sentBy));
        Assert.Equal("[2001:db8::9:1]:4000", sentBy.ToString());

        Assert.False(via.HasAlias);
        Assert.True(ViaView.TryParse("SIP/2.0/TLS h;branch=z9hG4bK1;Alias"u8, 0, out ViaView reused));
        Assert.True(reused.HasAlias);       // RFC 5923 7
        TestMessage plain = TestMessage.Of("Via: SIP/2.0/UDP h;rport", "Via: SIP/3.0/UDP x");
        Assert.Equal(HeaderStatus.Ok, plain.View.TryGetVia(out via));
        Assert.True(via.HasRport);
        Assert.Equal(0, via.Rport);
        Assert.Equal(0, via.Port);
        Assert.Equal(-1, via.TimeToLive);
        Assert.True(via.Branch.IsEmpty);
        Assert.False(via.HasRfc3261Branch);
        Assert.False(via.TryGetSentByAddress(5060, out _));
        Assert.True(ViaView.TryParse("SIP/2.0/UDP H"u8, 0, out ViaView same));
        Assert.True(via.HasSameSentBy(same));
        Assert.True(ViaView.TryParse("SIP/3.0/UDP h:5060"u8, 0, out ViaView other));
        Assert.False(other.IsSip2);
        Assert.False(via.HasSameSentBy(other));
    }

    [Fact]
    public void An_address_has_its_parts()
    {
        TestMessage message = TestMessage.Of("t : \"A \\\"B\\\"\"<sips:a@b;lr?x=y>\r\n ;tag=\t1928 ;x", "From: Bob  B <sip:b>;tag=a+b=c@d");
        Assert.Equal(HeaderStatus.Ok, message.View.TryGetTo(out NameAddressView to));
        Assert.Equal("\"A \\\"B\\\"\"", TestMessage.Text(to.RawDisplayName));
        Assert.Equal("A \\\"B\\\"", TestMessage.Text(to.DisplayName));
        Assert.Equal("sips:a@b;lr?x=y", TestMessage.Text(to.Uri));
        Assert.Equal("sips:a@b;lr?x=y", TestMessage.Text(message.Bytes.AsSpan(to.UriOffset, to.Uri.Length)));
        Assert.True(to.IsBracketed);
        Assert.Equal("1928", TestMessage.Text(to.Tag));
        Assert.True(to.Parameters.TryGet("X"u8, out ParameterView x));
        Assert.False(x.HasValue);
        Assert.True(to.TryGetUri(out SipUriView uri));
        Assert.True(uri.IsLooseRouter);
        Assert.Equal((byte)'\r', message.Bytes[to.End]);
        Assert.Equal(HeaderStatus.Ok, message.View.TryGetFrom(out NameAddressView from));
        Assert.Equal("Bob  B", TestMessage.Text(from.DisplayName));
        Assert.Equal("a+b=c@d", TestMessage.Text(from.Tag));
        Assert.True(NameAddressView.TryParse("sip:a@b;tag=1"u8, 0, out NameAddressView bare));
        Assert.False(bare.IsBracketed);
        Assert.Equal("sip:a@b", TestMessage.Text(bare.Uri));
        Assert.Equal("1", TestMessage.Text(bare.Tag));
    }

    [Theory]
    [InlineData("<sip:a@b>", -1, false, 0u)]
    [InlineData("<sip:a@b>;q=1;expires=3600", 1000, true, 3600u)]
    [InlineData("<sip:a@b>;Q=0.7;EXPIRES=0", 700, true, 0u)]
    [InlineData("sip:a@b;q=0.;expires=99999999999", 0, true, uint.MaxValue)]
    [InlineData("<sip:a@b>;q=1.000;expires=soon", 1000, true, 3600u)]
    [InlineData("<sip:a@b>;q=0.001", 1, false, 0u)]
    public void A_contact_has_preference_and_expiry(string value, int q, bool hasExpires, uint expires)
    {
        TestMessage message = TestMessage.With("Contact: " + value);
        Assert.Equal(HeaderStatus.Ok, message.View.TryGetContact(out ContactView contact));
        Assert.False(contact.IsStar);
        Assert.Equal(q, contact.Q);
        Assert.Equal(hasExpires, contact.HasExpires);
        Assert.Equal(expires, contact.ExpiresSeconds);
        Assert.Equal("sip:a@b", TestMessage.Text(contact.Address.Uri));
    }

    [Fact]
    public void A_star_is_a_contact_of_its_own()
    {
        Assert.Equal(HeaderStatus.Ok, TestMessage.With("m:*").View.TryGetContact(out ContactView contact));
        Assert.True(contact.IsStar);
        Assert.Equal(HeaderStatus.Malformed, TestMessage.With("m:**").View.TryGetContact(out _));
        Assert.Equal(HeaderStatus.Malformed, TestMessage.With("m:").View.TryGetContact(out _));
        Assert.Equal(HeaderStatus.Missing, TestMessage.With().View.TryGetContact(out _));
    }

    [Fact]
    public void Single_headers_are_ok_missing_or_malformed()
    {
        SipMessageView view = TestMessage.With(
            "Expires: 4294967296", "Min-Expires: 60", "Content-Type: Application/SDP ; x=1", "RAck: 7 1 INVITE", "Event: presence;id=4",
            "Session-Expires: 1800;refresher=uas", "Require: a, B", "Reason: SIP;cause=200, Q.850;cause=16", "Flow-Timer: x", "RSeq: 4294967296").View;
        Assert.Equal(HeaderStatus.Ok, view.TryGetExpires(out uint seconds));
        Assert.Equal(uint.MaxValue, seconds);
        Assert.Equal(HeaderStatus.Ok, view.TryGetSeconds(HeaderId.MinExpires, out seconds));
        Assert.Equal(60u, seconds);
        Assert.Equal(HeaderStatus.Malformed, view.TryGetSeconds(HeaderId.FlowTimer, out _));
        Assert.Equal(HeaderStatus.Malformed, view.TryGetNumber(HeaderId.RSeq, out _));
        Assert.Equal(HeaderStatus.Ok, view.TryGetContentType(out MediaTypeView media));
        Assert.True(media.Is("application"u8, "sdp"u8));
        Assert.False(media.Is("text"u8, "sdp"u8));
        Assert.Equal(HeaderStatus.Ok, view.TryGetRAck(out RAckView rack));
        Assert.Equal(7u, rack.ResponseNumber);
        Assert.Equal(SipMethod.Invite, rack.CSeq.Method);
        Assert.Equal(HeaderStatus.Ok, view.TryGetParameterized(HeaderId.Event, out ParameterizedValueView value));
        Assert.True(value.Is("PRESENCE"u8));
        Assert.True(value.Parameters.TryGet("id"u8, out ParameterView id));
        Assert.Equal("4", TestMessage.Text(id.Value));
        Assert.Equal(HeaderStatus.Ok, view.TryGetParameterized(HeaderId.SessionExpires, out value));
        Assert.Equal("1800", TestMessage.Text(value.Value));
        Assert.Equal(HeaderStatus.Ok, view.TryGetParameterized(HeaderId.Reason, out value));
        Assert.Equal("SIP", TestMessage.Text(value.Value));
        Assert.True(view.HasToken(HeaderId.Require, "b"u8));
        Assert.False(view.HasToken(HeaderId.Require, "c"u8));
        Assert.Equal(HeaderStatus.Missing, view.TryGetContentLength(out _));
        Assert.Equal(HeaderStatus.Missing, view.TryGetParameterized(HeaderId.Replaces, out _));
        Assert.Equal(HeaderStatus.Missing, view.TryGetRoute(out _));
        Assert.Equal(HeaderStatus.Ok, view.TryGetMaxForwards(out int hops));
        Assert.Equal(70, hops);
    }

    [Theory]
    [InlineData("From: <sip:x>")]
    [InlineData("t: <sip:x>")]
    [InlineData("i: 2")]
    [InlineData("CSeq: 1 OPTIONS")]
    [InlineData("Max-Forwards: 70")]
    public void A_single_header_that_is_there_twice_is_malformed(string row)
    {
        TestMessage message = TestMessage.With(row);
        HeaderId id = message.Index[message.Index.Count - 1].Id;
        Assert.True(message.Index.IsRepeated(id));
        HeaderStatus status = id switch
        {
            HeaderId.From => message.View.TryGetFrom(out _),
            HeaderId.To => message.View.TryGetTo(out _),
            HeaderId.CallId => message.View.TryGetCallId(out _),
            HeaderId.CSeq => message.View.TryGetCSeq(out _),
            _ => message.View.TryGetMaxForwards(out _),
        };
        Assert.Equal(HeaderStatus.Malformed, status);
    }

    [Theory]
    [InlineData("0068", 68)]
    [InlineData("255", 255)]
    [InlineData("256", null)]
    [InlineData("-1", null)]
    [InlineData("", null)]
    public void Max_forwards_is_a_byte(string value, int? expected)
    {
        SipMessageView view = TestMessage.Of("Max-Forwards: " + value).View;
        Assert.Equal(expected is null ? HeaderStatus.Malformed : HeaderStatus.Ok, view.TryGetMaxForwards(out int hops));
        if (expected is not null) Assert.Equal(expected, hops);
    }

    [Fact]
    public void Media_ranges_cover_types()
    {
        Assert.True(MediaTypeView.TryParse("*/*"u8, 0, out MediaTypeView all));
        Assert.True(all.Covers("application"u8, "sdp"u8));
        Assert.True(MediaTypeView.TryParse("application/*;q=0.1"u8, 0, out MediaTypeView some));
        Assert.True(some.Covers("APPLICATION"u8, "sdp"u8));
        Assert.False(some.Covers("text"u8, "plain"u8));
        Assert.True(MediaTypeView.TryParse("text/plain"u8, 0, out MediaTypeView one));
        Assert.True(one.Covers("text"u8, "Plain"u8));
        Assert.False(one.Covers("text"u8, "html"u8));
    }

    [Fact]
    public void Credentials_are_read_with_their_quotes()
    {
        Assert.True(CredentialsView.TryParse("digest username = \"a \\\"b\\\", c\" , nc=00000001,,uri=\"sip:x\",qop=auth"u8, out CredentialsView credentials));
        Assert.True(credentials.IsDigest);
        Assert.True(credentials.TryGet("UserName"u8, out CredentialParameterView name));
        Assert.True(name.IsQuoted);
        Assert.Equal("a \\\"b\\\", c", TestMessage.Text(name.Value));
        Assert.Equal("a \"b\", c", QuotedText.Decode(name.Value));
        Assert.True(credentials.TryGet("nc"u8, out CredentialParameterView nc));
        Assert.False(nc.IsQuoted);
        Assert.Equal("00000001", TestMessage.Text(nc.Value));
        Assert.False(credentials.TryGet("realm"u8, out _));
        int count = 0;
        foreach (CredentialParameterView p in credentials.Parameters) count += p.Name.Length > 0 ? 1 : 0;
        Assert.Equal(4, count);
        Assert.False(CredentialsView.TryParse("Digest a=\"b\" c=d"u8, out _));
        Assert.False(CredentialsView.TryParse("Digest a=,b=c"u8, out _));
    }

    [Fact]
    public void Quoted_text_is_unescaped_and_unfolded()
    {
        Assert.Equal("a\\b\"c d é", QuotedText.Decode(Encoding.UTF8.GetBytes("a\\\\b\\\"c\r\n \t d é")));
        Assert.Equal("", QuotedText.Decode(default));
        Assert.Equal("a\\", QuotedText.Decode("a\\"u8));
        Assert.Throws<ArgumentException>(() => QuotedText.Unescape("abc"u8, new byte[2]));
    }
}
