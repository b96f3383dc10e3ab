using System.CommandLine;
using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Media.Codecs;
using Parley.Net.Dns;
using Parley.Net.Tls;
using Parley.Output;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Commands;

/// <summary>The options that make a phone: who it is, by which way it calls, where it is, and whether its messages are shown.</summary>
internal sealed class PhoneOptions
{
    private readonly Option<SipUri?> _identity = Parsing.Uri("--as", "Who this phone is, such as sip:alice@example.com");
    private readonly Option<string?> _password = new("--password") { Description = "The password of --as", HelpName = "P" };
    private readonly Option<string?> _instance = new("--instance")
    {
        Description = "The lasting name of this phone among those of --as, such as urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6: a registration is kept to its connection, and the phone has an address of its own",
        HelpName = "URN",
    };

    private readonly Option<string?> _push = new("--push")
    {
        Description = "Have this phone woken when it sleeps: the push service, its parameter (may be empty) and what it knows the phone by, such as fcm,my-project,TOKEN (RFC 8599)",
        HelpName = "PROVIDER,PARAM,PRID",
    };

    private readonly Option<string?> _user = new("--user") { Description = "The user name for the password, when it is not that of --as", HelpName = "NAME" };
    private readonly Option<SipUri?> _proxy = Parsing.Uri("--proxy", "The server that everything goes by, such as 'sip:192.0.2.1:5060;transport=tcp'");
    private readonly Option<NetworkAddress?> _local = Parsing.Address("--local", "This phone's address; a free port when none is given");
    private readonly Option<AudioCodecs?> _codecs = Parsing.Codecs();
    private readonly Option<RedundancyUse?> _redundancy = Parsing.Redundancy();
    private readonly Option<SilenceSuppression?> _silence = Parsing.Silence();
    private readonly Option<SrtpUse?> _srtp = Parsing.Srtp();
    private readonly Option<RecordingPreference?> _recordPreference = Parsing.RecordingPreference();
    private readonly Option<bool> _recordAnyway = new("--record-anyway") { Description = "With --record: record though the other side asks not to (RFC 7866)" };
    private readonly Option<string?> _mediaPorts = new("--media-ports") { Description = $"Ports for sound ({MediaPorts.DefaultRange})", HelpName = "FIRST-LAST" };
    private readonly Option<NetworkAddress?> _dns = Parsing.Dns();
    private readonly Option<string?> _authorities = new("--authorities") { Description = "A PEM file of authorities whose certificates are believed besides the system's, for transport=tls", HelpName = "FILE" };
    private readonly Option<bool> _trace = new("--trace") { Description = "Print every SIP message with its direction, peer and time, secrets left out" };

    public PhoneOptions(Command command)
    {
        foreach (Option option in new Option[] { _identity, _instance, _push, _password, _user, _proxy, _local, _codecs, _redundancy, _silence, _srtp, _recordPreference, _recordAnyway, _mediaPorts, _dns, _authorities, _trace }) command.Add(option);
    }

    /// <summary>True when no list of codecs was given.</summary>
    public bool OffersDefaultCodecs(ParseResult parse) => parse.GetValue(_codecs) is null;

    /// <summary>True when every message is to be printed.</summary>
    public bool IsTraced(ParseResult parse) => parse.GetValue(_trace);

    /// <summary>True when the phone has an identity.</summary>
    public bool HasIdentity(ParseResult parse) => parse.GetValue(_identity) is not null;

    /// <summary>Who the phone is; null when that is not said.</summary>
    public SipUri? IdentityOf(ParseResult parse) => parse.GetValue(_identity);

    /// <summary>The phone of a command line.</summary>
    /// <exception cref="CommandException">Options do not go together.</exception>
    /// <param name="parse">The command line.</param>
    /// <param name="trace">Hears every message; null for none.</param>
    /// <param name="maxWaitingMessages">How many texts may wait to be read; 0 takes none.</param>
    public SipUserAgentOptions Read(ParseResult parse, ISipTrace? trace, int maxWaitingMessages = 0)
    {
        SipUri? identity = parse.GetValue(_identity);
        if (identity is null && parse.GetValue(_password) is not null) throw CommandException.Usage("--password needs --as: whose password is it?");
        if (identity is { User: null }) throw CommandException.Usage($"--as: {identity} has no user; it must look like sip:alice@example.com");
        if (identity is null && parse.GetValue(_instance) is not null) throw CommandException.Usage("--instance needs --as: whose phone is it?");
        if (identity is null && parse.GetValue(_push) is not null) throw CommandException.Usage("--push needs --as: whose phone is it?");
        string? ports = parse.GetValue(_mediaPorts);
        return new SipUserAgentOptions
        {
            Identity = identity,
            Instance = parse.GetValue(_instance),
            Push = ReadPush(parse.GetValue(_push)),
            UserName = parse.GetValue(_user),
            Password = parse.GetValue(_password),
            OutboundProxy = parse.GetValue(_proxy),
            Listen = ListenOn(parse.GetValue(_local)),
            Codecs = parse.GetValue(_codecs) ?? AudioCodecs.Default,
            Redundancy = parse.GetValue(_redundancy) != RedundancyUse.Off,
            Silence = parse.GetValue(_silence) ?? SilenceSuppression.WhenAsked,
            Srtp = parse.GetValue(_srtp) ?? SrtpUse.Off,
            RecordingPreference = parse.GetValue(_recordPreference) ?? RecordingPreference.NoPreference,
            HonorsRecordingPreference = !parse.GetValue(_recordAnyway),
            MediaPorts = ports is null ? null : MediaPorts.TryParse(ports) ?? throw CommandException.Usage($"--media-ports: '{ports}' is no range of ports such as 20000-29999"),
            Product = $"Parley/{CommandVersion.Text}",
            Tls = new SipTlsOptions { Trust = ReadAuthorities(parse.GetValue(_authorities)) },
            Resolver = parse.GetValue(_dns) is { } server ? new SipLocator(new DnsClient(DnsConfiguration.Of([server]))) : SipLocator.Default,
            MaxWaitingMessages = maxWaitingMessages,
            Trace = trace,
        };
    }

    private static PushParameters? ReadPush(string? text)
    {
        if (text is null) return null;
        string[] parts = text.Split(',', 3);
        if (parts.Length < 3 || parts[0].Length == 0 || parts[2].Length == 0) throw CommandException.Usage($"--push: '{text}' is no PROVIDER,PARAM,PRID such as fcm,my-project,TOKEN");
        return new PushParameters(parts[0], parts[2], parts[1].Length == 0 ? null : parts[1]);
    }

    private static TlsTrust ReadAuthorities(string? path)
    {
        if (path is null) return TlsTrust.OfSystem;
        try
        {
            return TlsTrust.FromPemFile(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw CommandException.Usage($"--authorities: {path} cannot be used: {problem.Message}");
        }
    }

    /// <summary>One address when it is given, else a free port of all IPv4 addresses, and of all IPv6 ones where there is IPv6.</summary>
    internal static IReadOnlyList<SipListen> ListenOn(NetworkAddress? local)
    {
        if (local is { } address) return SipUserAgentOptions.ListenOn(address);
        IReadOnlyList<SipListen> ipv4 = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0, 0));
        return System.Net.Sockets.Socket.OSSupportsIPv6
            ? [.. ipv4, .. SipUserAgentOptions.ListenOn(NetworkAddress.FromBytes(stackalloc byte[16], 0))]
            : ipv4;
    }
}
