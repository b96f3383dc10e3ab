using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Tests.Roles;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;
using Parley.TestSupport;

namespace Parley.Server.Tests.Protection;

/// <summary>Nobody is flooded by requests that bear his address: what goes back is at most three times what came, all that is sent again included.</summary>
public sealed class AmplificationTests : IDisposable
{
    private const int Most = 3;

    private static readonly string[] Methods = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "PRACK", "UPDATE", "REFER", "DANCE"];
    private static readonly string[] Users = ["bob@", "carol@", "nobody@", "echo@", "", "alice@old."];

    private readonly TestServer _server = new(configuration => configuration with
    {
        Domains = [new DomainOptions("example.com"), new DomainOptions("old.example.com", DomainRole.Redirect)],
        Authentication = new AuthenticationOptions { Algorithms = [DigestAlgorithm.Sha512Truncated256, DigestAlgorithm.Sha256, DigestAlgorithm.Md5] },
    });

    private readonly RawPeer _sender;
    private readonly RawPeer _phone;

    public AmplificationTests()
    {
        _sender = new RawPeer(_server, "198.51.100.1:5060");
        _phone = new RawPeer(_server, "192.0.2.2:5060") { OnReceived = (bytes, from) => Answer(bytes, from) };
        _server.Bind("bob@example.com", $"sip:bob@{_phone.Address}");
        _server.AddUsers("alice@old.example.com");
        for (int i = 0; i < 9; i++) _server.Bind("alice@old.example.com", $"sip:alice-with-a-long-name-to-be-told-{i}@{_phone.Address};parameter=of-some-length");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void No_request_of_any_method_gets_more_than_three_times_its_bytes_back()
    {
        int number = 0, answered = 0;
        foreach (string method in Methods)
        {
            foreach (string user in Users)
            {
                foreach (string from in (string[])["e@x.example", "alice@example.com"])
                {
                    string request = $"{method} sip:{user}example.com SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bK{++number}\r\nf:<sip:{from}>;tag=1\r\nt:<sip:{user}example.com>\r\ni:{number}\r\nCSeq:1 {method}\r\n";
                    foreach (string more in (string[])["", "m:<sip:e@198.51.100.1>\r\n", "Require: a, b, c, d, e, f, g\r\n", "Max-Forwards: 0\r\n", "k:x\r\nTimestamp: 5\r\n"]) answered += Exchange(Encoding.UTF8.GetBytes($"{request.Replace($"bK{number}", $"bK{number}{more.Length}", StringComparison.Ordinal)}{more}l:0\r\n\r\n"));
                }
            }
        }

        Assert.True(answered > number, "next to nothing was answered");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_changed_message_gets_more_than_three_times_its_bytes_back(int seed)
    {
        var random = new Random(seed);
        var mutator = new Mutator(random);
        byte[][] torture = [.. TortureTests.All];
        int answered = 0;
        for (int i = 0; i < 600; i++)
        {
            byte[] message = torture[random.Next(torture.Length)];
            if (random.Next(4) > 0) message = mutator.Mutate(message, torture[random.Next(torture.Length)]);
            answered += Exchange(message.AsSpan(0, Math.Min(message.Length, 20_000)).ToArray());
        }

        Assert.True(answered > 100, $"{answered}");
    }

    [Fact]
    public void An_invite_that_is_not_acknowledged_is_answered_again_only_within_the_limit_unless_the_caller_is_known()
    {
        using var stranger = new Peer(_server, "198.51.100.5:5060", "eve");
        string request = stranger.Request("INVITE", "sip:bob@example.com", from: "<sip:eve@elsewhere.example>;tag=1");
        stranger.Send(request);
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
        int bytes = 0, times = 0;
        while (stranger.Waiting > 0)
        {
            Received response = stranger.Receive();
            bytes += Encoding.UTF8.GetByteCount(response.Text);
            if (response.Status == 486) times++;
        }

        Assert.InRange(bytes, 1, Most * request.Length);
        Assert.InRange(times, 1, 5);

        using var alice = new Peer(_server, "192.0.2.77:5060", "alice");
        alice.SendAuthorized(alice.Request("INVITE", "sip:bob@example.com"));
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
        times = 0;
        while (alice.Waiting > 0)
        {
            if (alice.Receive().Status == 486) times++;
        }

        Assert.InRange(times, 10, 12);      // Timer G until Timer H (RFC 3261 17.2.1)
    }

    /// <summary>Sends a message from a source that nobody knows, and adds up all that ever comes back.</summary>
    private int Exchange(byte[] message)
    {
        _sender.Received.Clear();
        _sender.Send(message);
        _server.IsPumping = true;
        _server.Network.RunFor(TimeSpan.FromMilliseconds(100));
        _server.IsPumping = false;
        _server.Network.RunFor(TimeSpan.FromSeconds(40));
        int bytes = _sender.Received.Sum(response => response.Length);
        Assert.True(bytes <= Most * message.Length, $"{message.Length} bytes got {bytes}:\n{Encoding.UTF8.GetString(message)}\n{string.Join('\n', _sender.Received.Select(Encoding.UTF8.GetString))}");
        return _sender.Received.Count > 0 ? 1 : 0;
    }

    private void Answer(byte[] bytes, Parley.Core.NetworkAddress from)
    {
        _phone.Received.Clear();
        var index = new SipMessageIndex();
        if (!SipParser.TryIndex(bytes, index, out SipParseResult result) || result.Kind != SipParseKind.Request) return;
        var request = new SipMessageView(bytes, index);
        if (request.Method == SipMethod.Ack) return;
        byte[] response = new byte[bytes.Length + 2000];
        var writer = new SipResponseWriter(response);
        writer.Start(request, request.Method == SipMethod.Invite ? 486 : 200, "phone"u8);
        if (request.Method == SipMethod.Options) writer.AddHeader("X-Capabilities"u8, Encoding.ASCII.GetBytes(new string('x', 1500)));
        if (writer.TryFinish(out int written)) _phone.Send(response.AsSpan(0, written), from);
    }
}
