using System.Text;
using Parley.Core;
using Parley.Sdp;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>The 12 messages of RFC 5118 as its appendix has them, with the line ends of SIP: what the message layer makes of each.</summary>
/// <remarks>
/// The appendix leaves the last empty line out of the messages of 4.10; it is added here. Three bodies have another length
/// than their Content-Length says; the messages are kept as they are, and <see cref="With_the_length_that_it_has_a_body_is_read_in_full"/> corrects them.
/// </remarks>
public class IPv6TortureTests
{
    // File, section, outcome, then the host of the Request-URI with its port as an address, "-" where it is none.
    public static TheoryData<string, string, string, string> Messages => new()
    {
        { "ipv6-good", "4.1", "passes", "[2001:db8::10]:0" },
        { "ipv6-bad", "4.2", "400 Malformed Request-URI", "-" },
        { "port-ambiguous", "4.3", "passes", "[2001:db8::10:5070]:0" },         // as it is written: nobody can know what was meant
        { "port-unambiguous", "4.4", "passes", "[2001:db8::10]:5070" },
        { "via-received-param-with-delim", "4.5", "passes", "[2001:db8::10]:0" },
        { "via-received-param-no-delim", "4.5", "passes", "[2001:db8::10]:0" },
        { "ipv6-in-sdp", "4.6", "400 Body shorter than Content-Length", "[2001:db8::10]:0" },    // 268, and there are 251 (RFC 3261 18.3)
        { "mult-ip-in-header", "4.7", "passes", "-" },
        { "mult-ip-in-sdp", "4.8", "passes", "[2001:db8::10]:0" },              // 181 of 189: the rest is cut off
        { "ipv4-mapped-ipv6", "4.9", "passes", "-" },                           // 236 of 245
        { "ipv6-bug-abnf-3-colons", "4.10", "passes", "[2001:db8::c000:201]:0" },
        { "ipv6-correct-abnf-2-colons", "4.10", "passes", "[2001:db8::c000:201]:0" },
    };

    [Theory, MemberData(nameof(Messages))]
    public void A_message_with_IPv6_addresses_comes_out_as_it_should(string file, string section, string outcome, string target)
    {
        TestMessage message = Read(file);
        Assert.True(TortureVectors.Outcome(message) == outcome, $"RFC 5118 {section}: {TortureVectors.Outcome(message)}");
        Assert.Empty(TortureVectors.MalformedHeaders(message));
        bool isAddress = message.View.TryGetRequestUri(out SipUriView uri) == HeaderStatus.Ok && uri.TryGetAddress(out NetworkAddress _);
        Assert.Equal(target != "-", isAddress);
        if (isAddress && uri.TryGetAddress(out NetworkAddress address)) Assert.Equal(target, address.ToString());
    }

    [Fact]
    public void Every_message_of_the_RFC_is_there() =>
        Assert.Equal(TortureVectors.Names("rfc5118"), Messages.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("via-received-param-with-delim", "[2001:db8::9:255]")]
    [InlineData("via-received-param-no-delim", "2001:db8::9:255")]
    public void A_received_address_is_read_with_and_without_brackets(string file, string received)
    {
        Assert.Equal(HeaderStatus.Ok, Read(file).View.TryGetVia(out ViaView via));
        Assert.Equal(received, TestMessage.Text(via.Received));
        Assert.True(NetworkAddress.TryParseHost(via.Received, via.Port, out NetworkAddress address));
        Assert.Equal("[2001:db8::9:255]:0", address.ToString());
    }

    [Theory]
    [InlineData("mult-ip-in-header", "[2001:db8::9:1]:6050 192.0.2.1:5060 [2001:db8::9:255]:5060")]
    [InlineData("ipv4-mapped-ipv6", "192.0.2.10:19823 192.0.2.2:5060")]        // a mapped address is the IPv4 address
    public void Every_Via_of_a_list_is_an_address(string file, string expected)
    {
        var addresses = new List<string>();
        foreach (HeaderValue value in Read(file).View.Values(HeaderId.Via))
        {
            Assert.True(ViaView.TryParse(value, out ViaView via));
            Assert.True(via.TryGetSentByAddress(5060, out NetworkAddress address));
            addresses.Add(address.ToString());
        }

        Assert.Equal(expected, string.Join(' ', addresses));
    }

    [Theory]
    [InlineData("ipv6-in-sdp", "[2001:db8::20]:6000 [2001:db8::20]:6024")]
    [InlineData("mult-ip-in-sdp", "192.0.2.1:22334 [2001:db8::1]:6024")]
    [InlineData("ipv4-mapped-ipv6", "192.0.2.2:6000 192.0.2.2:6024")]
    public void With_the_length_that_it_has_a_body_is_read_in_full(string file, string streams)
    {
        string text = Encoding.ASCII.GetString(TortureVectors.Bytes("rfc5118", file));
        string body = text.Split("\r\n\r\n")[1];
        string length = text.Split("Content-Length: ")[1].Split("\r\n")[0];
        var message = new TestMessage(text.Replace($"Content-Length: {length}\r\n", $"Content-Length: {body.Length}\r\n"));
        Assert.Equal("passes", TortureVectors.Outcome(message));
        Assert.Equal(body, TestMessage.Text(message.View.Body));
        Assert.True(SessionDescription.TryParse(message.View.Body, out SessionDescription? description, out SdpError error), error.ToString());
        var addresses = new List<string>();
        foreach (MediaDescription media in description.Media)
        {
            Assert.True(description.ConnectionOf(media)!.TryGetAddress(media.Port, out NetworkAddress address));
            addresses.Add(address.ToString());
        }

        Assert.Equal(streams, string.Join(' ', addresses));
    }

    [Fact]
    public void An_address_with_a_colon_too_many_is_the_address_that_was_meant()
    {
        Assert.Equal(HeaderStatus.Ok, Read("ipv6-bug-abnf-3-colons").View.TryGetRequestUri(out SipUriView three));
        Assert.Equal(HeaderStatus.Ok, Read("ipv6-correct-abnf-2-colons").View.TryGetRequestUri(out SipUriView two));
        Assert.True(SipUriView.Equivalent(three, two));
        Assert.True(SipUri.TryParse(TestMessage.Text(three.Bytes), out SipUri? uri));
        Assert.Equal("[2001:db8:::192.0.2.1]", uri.Host);       // forwarded as it came
    }

    [Theory]
    [InlineData("[2001:db8:::192.0.2.1]", true)]
    [InlineData(":::192.0.2.1", true)]
    [InlineData("[2001:db8:::1]", false)]
    [InlineData("[2001:db8::::192.0.2.1]", false)]
    [InlineData("[2001:db8:::192.0.2.1:1]", false)]
    [InlineData("[2001::db8:::192.0.2.1]", false)]
    [InlineData("[:::192.0.2]", false)]
    [InlineData(":::", false)]
    [InlineData("[:::]", false)]
    public void Three_colons_are_read_before_an_IPv4_address_only(string host, bool isAddress) =>
        Assert.Equal(isAddress, SipHost.TryParseAddress(Encoding.ASCII.GetBytes(host), 0, out _));

    private static TestMessage Read(string file) => TortureVectors.Read("rfc5118", file);
}
