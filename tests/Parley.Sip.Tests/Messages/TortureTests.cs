using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>The 49 messages of RFC 4475 as its appendix has them, bit by bit: what the message layer makes of each.</summary>
/// <remarks>What a role above makes of a message that passes here (415, 420, 483 ...) is tested with that role.</remarks>
public class TortureTests
{
    // File, section, outcome: "passes", "response", "dropped", or status and reason of the answer; then headers that break their grammar.
    public static TheoryData<string, string, string, string> Messages => new()
    {
        { "wsinv", "3.1.1.1", "passes", "" },
        { "intmeth", "3.1.1.2", "passes", "" },
        { "esc01", "3.1.1.3", "passes", "" },
        { "escnull", "3.1.1.4", "passes", "" },
        { "esc02", "3.1.1.5", "passes", "" },
        { "lwsdisp", "3.1.1.6", "passes", "" },
        { "longreq", "3.1.1.7", "passes", "" },
        { "dblreq", "3.1.1.8", "passes", "" },
        { "semiuri", "3.1.1.9", "passes", "" },
        { "transports", "3.1.1.10", "passes", "" },
        { "mpart01", "3.1.1.11", "passes", "" },
        { "unreason", "3.1.1.12", "response", "" },
        { "noreason", "3.1.1.13", "response", "" },
        { "badinv01", "3.1.2.1", "400 Malformed Via", "Contact Via" },
        { "clerr", "3.1.2.2", "400 Body shorter than Content-Length", "" },
        { "ncl", "3.1.2.3", "400 Malformed Content-Length", "Content-Length" },
        { "scalar02", "3.1.2.4", "400 Malformed CSeq", "CSeq" },            // Expires is the most there is; Max-Forwards is read after CSeq
        { "scalarlg", "3.1.2.5", "response", "CSeq" },                      // the transaction layer finds no CSeq and drops it
        { "quotbal", "3.1.2.6", "400 Malformed To", "To" },
        { "ltgtruri", "3.1.2.7", "400 Malformed Request-URI", "" },
        { "lwsruri", "3.1.2.8", "400 Malformed start line", "" },
        { "lwsstart", "3.1.2.9", "400 Malformed start line", "" },
        { "trws", "3.1.2.10", "400 Malformed start line", "" },
        { "escruri", "3.1.2.11", "passes", "" },                            // headers of a Request-URI are ignored (RFC 3261 19.1.1)
        { "baddate", "3.1.2.12", "passes", "" },                            // nobody needs the Date
        { "regbadct", "3.1.2.13", "passes", "Contact" },                    // the registrar checks Contact and answers 400
        { "badaspec", "3.1.2.14", "400 Malformed To", "To" },
        { "baddn", "3.1.2.15", "400 No empty line after the headers", "From To" },
        { "badvers", "3.1.2.16", "505 Version Not Supported", "" },
        { "mismatch01", "3.1.2.17", "400 CSeq of another method", "" },
        { "mismatch02", "3.1.2.18", "400 CSeq of another method", "" },
        { "bigcode", "3.1.2.19", "dropped", "" },
        { "badbranch", "3.2.1", "passes", "" },                             // matched as RFC 2543 has it: the cookie alone is no branch
        { "insuf", "3.3.1", "400 Missing Call-ID", "" },
        { "unkscm", "3.3.2", "416 Unsupported URI Scheme", "" },
        { "novelsc", "3.3.3", "416 Unsupported URI Scheme", "" },
        { "unksm2", "3.3.4", "passes", "" },
        { "bext01", "3.3.5", "passes", "" },
        { "invut", "3.3.6", "passes", "" },
        { "regaut01", "3.3.7", "passes", "" },
        { "multi01", "3.3.8", "400 Repeated Call-ID", "" },
        { "mcl01", "3.3.9", "400 Malformed Content-Length", "" },
        { "bcast", "3.3.10", "response", "" },
        { "zeromf", "3.3.11", "passes", "" },
        { "cparam01", "3.3.12", "passes", "" },
        { "cparam02", "3.3.13", "passes", "" },
        { "regescrt", "3.3.14", "passes", "" },
        { "sdp01", "3.3.15", "passes", "" },
        { "inv2543", "3.4.1", "passes", "" },
    };

    [Theory, MemberData(nameof(Messages))]
    public void A_torture_message_comes_out_as_it_should(string file, string section, string outcome, string malformed)
    {
        TestMessage message = Read(file);
        Assert.True(TortureVectors.Outcome(message) == outcome, $"RFC 4475 {section}: {TortureVectors.Outcome(message)}");
        Assert.Equal(malformed.Split(' ', StringSplitOptions.RemoveEmptyEntries), TortureVectors.MalformedHeaders(message));
    }

    [Fact]
    public void Every_message_of_the_RFC_is_there() =>
        Assert.Equal(TortureVectors.Names("rfc4475"), Messages.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    [Fact]
    public void The_tortuous_invite_is_read_in_full()
    {
        SipMessageView view = Read("wsinv").View;
        Assert.Equal(SipMethod.Invite, view.Method);
        Assert.Equal(HeaderStatus.Ok, view.TryGetTo(out NameAddressView to));
        Assert.Equal("1918181833n", TestMessage.Text(to.Tag));
        Assert.Equal(HeaderStatus.Ok, view.TryGetFrom(out NameAddressView from));
        Assert.Equal("J Rosenberg \\\\\\\"", TestMessage.Text(from.DisplayName));
        Assert.Equal("J Rosenberg \\\"", QuotedText.Decode(from.DisplayName));
        Assert.Equal("98asjd8", TestMessage.Text(from.Tag));
        Assert.Equal(HeaderStatus.Ok, view.TryGetMaxForwards(out int hops));
        Assert.Equal(68, hops);
        Assert.Equal(HeaderStatus.Ok, view.TryGetCSeq(out CSeqView cseq));
        Assert.Equal(9u, cseq.Number);
        Assert.Equal(SipMethod.Invite, cseq.Method);
        var vias = new List<string>();
        foreach (HeaderValue value in view.Values(HeaderId.Via))
        {
            Assert.True(ViaView.TryParse(value, out ViaView via));
            vias.Add($"{via.Transport} {TestMessage.Text(via.Host)} {TestMessage.Text(via.Branch)}");
        }

        Assert.Equal(["Udp 192.0.2.2 390skdjuw", "Tcp spindle.example.com z9hG4bK9ikj8", "Udp 192.168.255.111 z9hG4bK30239"], vias);
        Assert.Equal(HeaderStatus.Ok, view.TryGetRoute(out NameAddressView route));
        Assert.Equal("sip:services.example.com;lr;unknownwith=value;unknown-no-value", TestMessage.Text(route.Uri));
        Assert.Equal(HeaderStatus.Ok, view.TryGetContact(out ContactView contact));
        Assert.Equal("Quoted string \\\"\\\"", TestMessage.Text(contact.Address.DisplayName));
        Assert.True(contact.Address.Parameters.TryGet("newparam"u8, out ParameterView parameter));
        Assert.Equal("newvalue", TestMessage.Text(parameter.Value));
        Assert.True(contact.Address.Parameters.TryGet("secondparam"u8, out parameter));
        Assert.False(parameter.HasValue);
        Assert.Equal(150, view.BodyLength);
        Assert.True(SipRequest.TryFrom(view, out SipRequest? request));
        Assert.Equal("newfangled value continued newfangled value", request.Headers["NewFangledHeader"]);
        Assert.Equal("J Rosenberg \\\"", request.Headers.From!.DisplayName);
    }

    [Fact]
    public void The_method_and_names_of_unusual_characters_are_read_in_full()
    {
        SipMessageView view = Read("intmeth").View;
        Assert.Equal("!interesting-Method0123456789_*+`.%indeed'~", TestMessage.Text(view.MethodBytes));
        Assert.Equal(HeaderStatus.Ok, view.TryGetRequestUri(out SipUriView uri));
        Assert.Equal("example.com", TestMessage.Text(uri.Host));
        Assert.Equal(HeaderStatus.Ok, view.TryGetCallId(out ReadOnlySpan<byte> callId));
        Assert.Equal("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", TestMessage.Text(callId));
        Assert.Equal(HeaderStatus.Ok, view.TryGetTo(out NameAddressView to));
        Assert.Equal("BEL:\\\u0007 NUL:\\\0 DEL:\\\u007F", TestMessage.Text(to.DisplayName));
    }

    private static TestMessage Read(string file) => TortureVectors.Read("rfc4475", file);
}
