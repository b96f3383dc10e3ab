using System.Runtime.CompilerServices;
using System.Text;
using Parley.Core;
using Parley.Net.Virtual;
using Parley.Server.Configuration;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>The 49 messages of RFC 4475, given to a whole server: what the sender hears, and what goes on to the user that is meant.</summary>
/// <remarks>
/// The sender is of a trusted network, so that what would be challenged is judged by its content. The users that the messages
/// are for have a phone, which answers 486 to an INVITE and 200 to all else. An exception in a handler ends the run, so
/// nothing is thrown; <see cref="TestServer.AssertNothingLeft"/> sees that nothing is kept.
/// </remarks>
public sealed class TortureTests : IDisposable
{
    private static readonly string Folder = Path.Combine(
        Path.GetDirectoryName(ThisFile())!, "..", "..", "Parley.Sip.Tests", "Messages", "vectors", "rfc4475");

    private static readonly string[] Users =
    [
        "user@example.com", "j_user@example.com", "UserB@example.com", "remote-target@example.com",
        "t.watson@example.org", "kumiko@example.org", "vivekg@chair-dnrc.example.com",
    ];

    private readonly TestServer _server = new(configuration => configuration with
    {
        Domains = [.. ((string[])[TestServer.Domain, "example.org", "example.net", "company.com", "chair-dnrc.example.com", "registrar.example.com"]).Select(name => new DomainOptions(name))],
        Trusted = [RegistrarTests.Prefix("203.0.113.0/24")],
    });

    private readonly RawPeer _sender;
    private readonly RawPeer _otherPort;
    private readonly RawPeer _phone;
    private readonly RawPeer _nextHop;

    public TortureTests()
    {
        _sender = new RawPeer(_server, "203.0.113.1:5060");
        _otherPort = new RawPeer(_server, "203.0.113.1:5050");      // quotbal has it in its Via
        _phone = Phone("192.0.2.2:5060");
        _nextHop = Phone("127.0.0.1:5080", _server.Host);           // mpart01 has it in its Route
        _server.Names["services.example.com"] = [_phone.Address.WithPort(0)];
        _server.AddUsers([.. Users, "watson@example.com", "j.user@example.com"]);
        foreach (string user in Users) _server.Bind(user, $"sip:phone@{_phone.Address}");
    }

    // File, section, what the sender hears (nothing where it is empty), the method that the phone hears.
    public static TheoryData<string, string, string, string> Messages => new()
    {
        { "wsinv", "3.1.1.1", "486 Busy Here", "INVITE" },
        { "intmeth", "3.1.1.2", "404 Not Found", "" },                      // no such user
        { "esc01", "3.1.1.3", "404 Not Found", "" },                        // no such user: sips:user@example.com is a name of example.net
        { "escnull", "3.1.1.4", "401 Unauthorized", "" },                   // no account has a NUL in its name, so the challenge is never met
        { "esc02", "3.1.1.5", "501 Not Implemented", "" },
        { "lwsdisp", "3.1.1.6", "200 OK", "OPTIONS" },
        { "longreq", "3.1.1.7", "486 Busy Here", "INVITE" },
        { "dblreq", "3.1.1.8", "401 Unauthorized", "" },                    // the REGISTER alone is seen
        { "semiuri", "3.1.1.9", "404 Not Found", "" },                      // no account has an @ in its name
        { "transports", "3.1.1.10", "200 OK", "OPTIONS" },
        { "mpart01", "3.1.1.11", "200 OK", "MESSAGE" },
        { "unreason", "3.1.1.12", "", "" },                                 // the answer to nothing
        { "noreason", "3.1.1.13", "", "" },                                 // the answer to nothing
        { "badinv01", "3.1.2.1", "", "" },                                  // 400, but a Via that cannot be read does not say where to
        { "clerr", "3.1.2.2", "400 Body shorter than Content-Length", "" },
        { "ncl", "3.1.2.3", "400 Malformed Content-Length", "" },
        { "scalar02", "3.1.2.4", "400 Malformed CSeq", "" },
        { "scalarlg", "3.1.2.5", "", "" },
        { "quotbal", "3.1.2.6", "400 Malformed To", "" },
        { "ltgtruri", "3.1.2.7", "400 Malformed Request-URI", "" },
        { "lwsruri", "3.1.2.8", "400 Malformed start line", "" },
        { "lwsstart", "3.1.2.9", "400 Malformed start line", "" },
        { "trws", "3.1.2.10", "400 Malformed start line", "" },
        { "escruri", "3.1.2.11", "486 Busy Here", "INVITE" },               // without the headers of its Request-URI
        { "baddate", "3.1.2.12", "486 Busy Here", "INVITE" },               // nobody needs the Date
        { "regbadct", "3.1.2.13", "401 Unauthorized", "" },                 // 400 once the sender is known
        { "badaspec", "3.1.2.14", "400 Malformed To", "" },
        { "baddn", "3.1.2.15", "400 No empty line after the headers", "" },
        { "badvers", "3.1.2.16", "505 Version Not Supported", "" },
        { "mismatch01", "3.1.2.17", "400 CSeq of another method", "" },
        { "mismatch02", "3.1.2.18", "400 CSeq of another method", "" },     // acceptable beside 501; a proxy knows all methods
        { "bigcode", "3.1.2.19", "", "" },
        { "badbranch", "3.2.1", "200 OK", "OPTIONS" },                      // matched as RFC 2543 has it
        { "insuf", "3.3.1", "400 Missing Call-ID", "" },
        { "unkscm", "3.3.2", "416 Unsupported URI Scheme", "" },
        { "novelsc", "3.3.3", "416 Unsupported URI Scheme", "" },
        { "unksm2", "3.3.4", "404 Not Found", "" },                         // not 400: RFC 3261 10.3 step 5 has 404 for what is no address of the domain
        { "bext01", "3.3.5", "420 Bad Extension", "" },
        { "invut", "3.3.6", "486 Busy Here", "INVITE" },                    // a body is the user's affair
        { "regaut01", "3.3.7", "401 Unauthorized", "" },
        { "multi01", "3.3.8", "400 Repeated Call-ID", "" },
        { "mcl01", "3.3.9", "400 Malformed Content-Length", "" },
        { "bcast", "3.3.10", "", "" },                                      // a proxy that forwarded no such request forwards no answer
        { "zeromf", "3.3.11", "200 OK", "" },                               // not 483: RFC 3261 16.3 step 3 lets the last hop answer an OPTIONS
        { "cparam01", "3.3.12", "401 Unauthorized", "" },
        { "cparam02", "3.3.13", "401 Unauthorized", "" },
        { "regescrt", "3.3.14", "401 Unauthorized", "" },
        { "sdp01", "3.3.15", "486 Busy Here", "INVITE" },                   // Accept is the user's affair
        { "inv2543", "3.4.1", "400 Missing Contact", "" },                  // nobody could end that call (docs/rfc/sip.md)
    };

    /// <summary>The messages, always in the same order.</summary>
    internal static IEnumerable<byte[]> All => Directory.GetFiles(Folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    public void Dispose() => _server.Dispose();

    [Theory, MemberData(nameof(Messages))]
    public void A_torture_message_has_its_outcome(string file, string section, string heard, string phoneHears)
    {
        _sender.Send(Read(file));
        _server.Network.RunFor(TimeSpan.FromSeconds(60));
        string answers = string.Join(", ", _sender.Received.Concat(_otherPort.Received).Select(FirstLine).Distinct());
        Assert.True(answers == (heard.Length == 0 ? "" : "SIP/2.0 " + heard), $"RFC 4475 {section}: {answers}");
        byte[]? forwarded = _phone.Received.Concat(_nextHop.Received).FirstOrDefault();
        Assert.Equal(phoneHears, forwarded is null ? "" : FirstLine(forwarded).Split(' ')[0]);
        if (forwarded is not null)
        {
            // A Route leads on from these; the others go to where the user is bound.
            string uri = file switch { "wsinv" => "sip:vivekg@chair-dnrc.example.com;unknownparam", "mpart01" => "sip:127.0.0.1:5080", _ => $"sip:phone@{_phone.Address}" };
            Assert.Equal(uri, FirstLine(forwarded).Split(' ')[1]);
            Assert.Equal(BodyOf(Read(file)), BodyOf(forwarded));
        }

        _server.AssertNothingLeft();
    }

    [Fact]
    public void Every_message_of_the_RFC_is_there() =>
        Assert.Equal(Directory.GetFiles(Folder).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal), Messages.Select(row => (string)row[0]).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("dblreq", "j.user", "200 OK", "<sip:j.user@host.example.com>")]
    [InlineData("regbadct", "user", "400 Malformed Contact", null)]
    [InlineData("cparam01", "watson", "200 OK", "<sip:+19725552222@gw1.example.net>;unknownparam")]             // of the header
    [InlineData("cparam02", "watson", "200 OK", "<sip:+19725552222@gw1.example.net;unknownparam>")]             // of the URI
    [InlineData("regescrt", "user", "200 OK", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>")]
    [InlineData("escnull", "user", "403 Not Your Address", null)]                   // the address of record is not what stands before its NUL
    public void A_register_is_judged_once_its_sender_is_known(string file, string user, string heard, string? contact)
    {
        byte[] request = Read(file);
        _sender.Send(request);
        Assert.True(_server.Network.Run(() => _sender.Received.Count > 0, TimeSpan.FromSeconds(3)));
        string text = Encoding.Latin1.GetString(request);
        string challenge = Encoding.Latin1.GetString(_sender.Received.Dequeue()).Split("WWW-Authenticate: ")[1].Split("\r\n")[0];
        DigestExchange exchange = new DigestClient(user, TestServer.Password).Begin();
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [challenge]));
        DigestHeader credentials = exchange.Authorize("REGISTER", text.Split(' ')[1], default).Single();
        string authorized = text
            .Replace("branch=", "branch=z9hG4bKagain", StringComparison.Ordinal)
            .Replace("Max-Forwards:", $"{credentials.Name}: {credentials.Value}\r\nMax-Forwards:", StringComparison.Ordinal);
        _sender.Send(Encoding.Latin1.GetBytes(authorized));
        Assert.True(_server.Network.Run(() => _sender.Received.Count > 0, TimeSpan.FromSeconds(3)));
        string answer = Encoding.Latin1.GetString(_sender.Received.Dequeue());
        Assert.StartsWith("SIP/2.0 " + heard, answer, StringComparison.Ordinal);
        if (contact is not null) Assert.Contains($"Contact: {contact};expires=", answer, StringComparison.Ordinal);
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("unreason")]
    [InlineData("noreason")]
    [InlineData("bcast")]
    public void A_response_to_nothing_is_counted(string file)
    {
        _sender.Send(Read(file));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _server.Roles.Lanes[0].Counters.StrayResponses);
    }

    [Fact]
    public void A_refused_extension_is_named()
    {
        _sender.Send(Read("bext01"));
        Assert.True(_server.Network.Run(() => _sender.Received.Count > 0, TimeSpan.FromSeconds(3)));
        // What a proxy must know: Proxy-Require. Require is for the user.
        Assert.Contains("Unsupported: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n", Encoding.Latin1.GetString(_sender.Received.Dequeue()), StringComparison.Ordinal);
        _server.AssertNothingLeft();
    }

    private static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(Folder, file + ".dat"));

    private RawPeer Phone(string address, VirtualHost? host = null)
    {
        RawPeer? phone = null;
        return phone = new RawPeer(_server, address, host) { OnReceived = (bytes, from) => Answer(phone!, bytes, from) };
    }

    private static byte[] BodyOf(byte[] bytes)
    {
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out SipParseResult result), result.Reason);
        return new SipMessageView(bytes, index).Body.ToArray();
    }

    private static void Answer(RawPeer phone, byte[] bytes, NetworkAddress from)
    {
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out SipParseResult result), result.Reason);
        var request = new SipMessageView(bytes, index);
        Assert.True(SipRequestValidator.TryCheck(request, out SipRefusal refusal), Encoding.UTF8.GetString(refusal.Reason));
        if (request.Method == SipMethod.Ack) return;
        var response = new byte[65535];
        var writer = new SipResponseWriter(response);
        writer.Start(request, request.Method == SipMethod.Invite ? 486 : 200, "phone"u8);
        Assert.True(writer.TryFinish(out int written));
        phone.Send(response.AsSpan(0, written), from);
    }

    private static string FirstLine(byte[] bytes) => Encoding.UTF8.GetString(bytes).Split("\r\n")[0];

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
