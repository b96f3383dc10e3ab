using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Net.Dns;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>RFC 3263 4, question by question, over a zone in memory; a real DNS server is asked in the interop tests.</summary>
public sealed class SipLocatorTests
{
    private static readonly SipTransport[] Everything = [SipTransport.Tls, SipTransport.Tcp, SipTransport.Udp];

    private readonly Zone _zone = new();

    [Theory]
    [InlineData("sip:192.0.2.7", "udp 192.0.2.7:5060")]
    [InlineData("sip:bob@192.0.2.7:5070;transport=tcp", "tcp 192.0.2.7:5070")]
    [InlineData("sips:192.0.2.7", "tls 192.0.2.7:5061")]
    [InlineData("sip:[2001:db8::7]", "udp [2001:db8::7]:5060")]
    [InlineData("sip:example.com;maddr=192.0.2.8", "udp 192.0.2.8:5060")]
    public async Task An_address_is_not_asked_for(string uri, string target)
    {
        SipLocation location = await LocateAsync(uri);

        Assert.Equal([target], Targets(location));
        Assert.Empty(location.Steps);
    }

    [Fact]
    public async Task A_port_rules_service_records_out()
    {
        _zone.Add("example.com", DnsType.Naptr, "50 50 s SIP+D2T _sip._tcp.example.com").Add("_sip._udp.example.com", DnsType.Srv, "0 0 5060 other.example.com");
        _zone.Add("example.com", DnsType.A, "192.0.2.1", "192.0.2.2").Add("example.com", DnsType.Aaaa, "2001:db8::1");

        SipLocation location = await LocateAsync("sip:example.com:5080");

        Assert.Equal(["udp [2001:db8::1]:5080 (example.com)", "udp 192.0.2.1:5080 (example.com)", "udp 192.0.2.2:5080 (example.com)"], Targets(location));
        Assert.Equal(["Aaaa example.com", "A example.com"], Questions(location));
    }

    [Theory]
    [InlineData("sip:example.com;transport=udp", "_sip._udp.example.com", "udp")]
    [InlineData("sip:example.com;transport=tcp", "_sip._tcp.example.com", "tcp")]
    [InlineData("sip:example.com;transport=tls", "_sips._tcp.example.com", "tls")]
    [InlineData("sips:example.com;transport=tcp", "_sips._tcp.example.com", "tls")]
    public async Task A_transport_is_asked_for_at_once(string uri, string service, string transport)
    {
        _zone.Add(service, DnsType.Srv, "0 0 5099 sip1.example.com").Add("sip1.example.com", DnsType.A, "192.0.2.1");

        SipLocation location = await LocateAsync(uri);

        Assert.Equal([$"{transport} 192.0.2.1:5099 (sip1.example.com)"], Targets(location));
        Assert.Equal([$"Srv {service}", "Aaaa sip1.example.com", "A sip1.example.com"], Questions(location));
    }

    [Fact]
    public async Task The_classic_zone_leads_to_both_servers_in_the_order_of_their_priority()
    {
        _zone.Add("example.com", DnsType.Naptr, "100 50 s SIP+D2U _sip._udp.example.com");
        _zone.Add("_sip._udp.example.com", DnsType.Srv, "20 0 5060 sip2.example.com", "10 0 5070 sip1.example.com");
        _zone.Add("sip1.example.com", DnsType.A, "192.0.2.1").Add("sip1.example.com", DnsType.Aaaa, "2001:db8::1").Add("sip2.example.com", DnsType.A, "192.0.2.2");

        SipLocation location = await LocateAsync("sip:bob@example.com");

        Assert.Equal(["udp [2001:db8::1]:5070 (sip1.example.com)", "udp 192.0.2.1:5070 (sip1.example.com)", "udp 192.0.2.2:5060 (sip2.example.com)"], Targets(location));
        Assert.Equal("Naptr example.com", Questions(location)[0]);
        Assert.Equal("Srv _sip._udp.example.com", Questions(location)[1]);
    }

    [Fact]
    public async Task The_domain_says_which_transport_it_prefers_among_those_that_there_are()
    {
        _zone.Add("example.com", DnsType.Naptr, "90 50 s SIP+D2T _sip._tcp.example.com", "100 50 s SIP+D2U _sip._udp.example.com", "50 50 s SIPS+D2T _sips._tcp.example.com");
        foreach (string service in new[] { "_sips._tcp", "_sip._tcp", "_sip._udp" }) _zone.Add($"{service}.example.com", DnsType.Srv, "0 0 5060 sip1.example.com");
        _zone.Add("sip1.example.com", DnsType.A, "192.0.2.1");

        Assert.Equal("tls", Targets(await LocateAsync("sip:example.com"))[0][..3]);
        Assert.Equal("tcp", Targets(await LocateAsync("sip:example.com", [SipTransport.Udp, SipTransport.Tcp]))[0][..3]);
        Assert.Equal("udp", Targets(await LocateAsync("sip:example.com", [SipTransport.Udp]))[0][..3]);
    }

    [Fact]
    public async Task Pointers_that_are_no_service_of_SIP_are_passed_over()
    {
        _zone.Add("example.com", DnsType.Naptr, "1 1 u E2U+sip x.example.com", "1 1 a SIP+D2U x.example.com", "1 1 s SIP+D2X x.example.com", "1 1 s EPP+D2U x.example.com", "9 9 S sip+d2t t.example.com");
        _zone.Add("t.example.com", DnsType.Srv, "0 0 5060 sip1.example.com").Add("sip1.example.com", DnsType.A, "192.0.2.1");

        Assert.Equal(["tcp 192.0.2.1:5060 (sip1.example.com)"], Targets(await LocateAsync("sip:example.com")));
    }

    [Fact]
    public async Task Pointers_of_one_order_are_all_used_by_preference_and_the_next_order_only_when_they_lead_nowhere()
    {
        _zone.Add("example.com", DnsType.Naptr, "10 20 s SIP+D2U u.example.com", "10 10 s SIP+D2T t.example.com", "20 1 s SIPS+D2T s.example.com");
        _zone.Add("u.example.com", DnsType.Srv, "0 0 1 h.example.com").Add("t.example.com", DnsType.Srv, "0 0 2 h.example.com").Add("s.example.com", DnsType.Srv, "0 0 3 h.example.com");
        _zone.Add("h.example.com", DnsType.A, "192.0.2.1");
        Assert.Equal(["tcp 192.0.2.1:2 (h.example.com)", "udp 192.0.2.1:1 (h.example.com)"], Targets(await LocateAsync("sip:example.com")));

        _zone.Remove("u.example.com");
        _zone.Remove("t.example.com");
        Assert.Equal(["tls 192.0.2.1:3 (h.example.com)"], Targets(await LocateAsync("sip:example.com")));
    }

    [Fact]
    public async Task Without_pointers_the_services_of_each_transport_are_asked_for()
    {
        _zone.Add("_sip._tcp.example.com", DnsType.Srv, "0 0 5099 sip1.example.com").Add("sip1.example.com", DnsType.A, "192.0.2.1");

        SipLocation location = await LocateAsync("sip:example.com", [SipTransport.Udp, SipTransport.Tcp]);

        Assert.Equal(["tcp 192.0.2.1:5099 (sip1.example.com)"], Targets(location));
        Assert.Equal(["Naptr example.com", "Srv _sip._udp.example.com", "Srv _sip._tcp.example.com"], Questions(location)[..3]);
    }

    [Theory]
    [InlineData("sip:example.com", "udp 192.0.2.1:5060 (example.com)")]
    [InlineData("sips:example.com", "tls 192.0.2.1:5061 (example.com)")]
    [InlineData("sip:example.com;transport=tcp", "tcp 192.0.2.1:5060 (example.com)")]
    public async Task Without_services_the_names_own_address_counts(string uri, string target)
    {
        _zone.Add("example.com", DnsType.A, "192.0.2.1");

        Assert.Equal([target], Targets(await LocateAsync(uri)));
    }

    [Fact]
    public async Task A_service_that_is_decidedly_not_there_leads_nowhere()
    {
        _zone.Add("_sip._udp.example.com", DnsType.Srv, "0 0 0 .").Add("example.com", DnsType.A, "192.0.2.1");

        SipLocation location = await LocateAsync("sip:example.com;transport=udp");

        Assert.Empty(location.Targets);
        Assert.Equal("_sip._udp.example.com says that there is no such service", location.Problem);
    }

    [Fact]
    public async Task Servers_without_an_address_are_passed_over_and_addresses_are_there_once()
    {
        _zone.Add("_sip._udp.example.com", DnsType.Srv, "1 0 5060 gone.example.com", "2 0 5060 a.example.com", "3 0 5060 b.example.com");
        _zone.Add("a.example.com", DnsType.A, "192.0.2.1").Add("b.example.com", DnsType.A, "192.0.2.1", "192.0.2.2");

        Assert.Equal(["udp 192.0.2.1:5060 (a.example.com)", "udp 192.0.2.2:5060 (b.example.com)"], Targets(await LocateAsync("sip:example.com;transport=udp")));
    }

    [Fact]
    public async Task What_this_machine_knows_is_not_asked_for()
    {
        _zone.Local["pbx"] = [At("127.0.0.9")];

        SipLocation location = await LocateAsync("sip:pbx");

        Assert.Equal(["udp 127.0.0.9:5060 (pbx)"], Targets(location));
        Assert.Empty(_zone.Asked);
    }

    [Fact]
    public async Task Addresses_that_no_route_leads_to_come_last()
    {
        _zone.Add("example.com", DnsType.Aaaa, "2001:db8::1").Add("example.com", DnsType.A, "192.0.2.1");

        SipLocation location = await LocateAsync("sip:example.com:5060", hasRoute: address => address.IsIPv4);

        Assert.Equal(["udp 192.0.2.1:5060 (example.com)", "udp [2001:db8::1]:5060 (example.com)"], Targets(location));
    }

    [Fact]
    public async Task When_no_server_answers_nothing_more_is_asked()
    {
        _zone.Status = DnsStatus.Unreachable;

        SipLocation location = await LocateAsync("sip:example.com");

        Assert.Equal("no DNS server answers", location.Problem);
        Assert.Equal(["Naptr example.com"], Questions(location));
    }

    [Fact]
    public async Task A_server_that_refuses_one_type_is_asked_for_the_others()
    {
        _zone.Refused.Add(DnsType.Naptr);
        _zone.Add("example.com", DnsType.A, "192.0.2.1");

        Assert.Equal(["udp 192.0.2.1:5060 (example.com)"], Targets(await LocateAsync("sip:example.com")));
    }

    [Fact]
    public async Task Hundreds_of_servers_are_not_all_asked_for()
    {
        _zone.Add("_sip._udp.example.com", DnsType.Srv, [.. Enumerable.Range(0, 200).Select(i => $"{i} 0 5060 h{i}.example.com")]);
        for (int i = 0; i < 200; i++) _zone.Add($"h{i}.example.com", DnsType.A, [.. Enumerable.Range(1, 100).Select(k => $"10.{i}.0.{k}")]);

        SipLocation location = await LocateAsync("sip:example.com;transport=udp");

        Assert.Equal(32, location.Targets.Count);
        Assert.Equal(1 + 32, location.Steps.Count);
    }

    [Fact]
    public void Servers_of_one_priority_are_drawn_by_weight()
    {
        DnsServiceRecord[] records = [Service(1, 1, "one"), Service(1, 3, "three"), Service(1, 0, "zero"), Service(0, 0, "first")];
        var random = new Random(3);
        Dictionary<string, int> second = [];
        for (int i = 0; i < 20_000; i++)
        {
            List<DnsServiceRecord> drawn = ServiceOrder.Draw(records, highest => random.Next(highest + 1));
            Assert.Equal("first", drawn[0].Target);
            Assert.Equal(4, drawn.Distinct().Count());
            second[drawn[1].Target] = second.GetValueOrDefault(drawn[1].Target) + 1;
        }

        // RFC 2782: numbers 0 to 4; 0 is the one of weight 0, 1 the one of weight 1, 2 to 4 the one of weight 3.
        Assert.InRange(second["zero"], 3_700, 4_300);
        Assert.InRange(second["one"], 3_700, 4_300);
        Assert.InRange(second["three"], 11_600, 12_400);
    }

    [Theory]
    [InlineData("sip:example.com;transport=carrier-pigeon")]
    [InlineData("sips:example.com;transport=udp")]
    [InlineData("tel:+4912345")]
    public void What_cannot_be_a_destination_is_none(string uri)
    {
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(uri), out SipUriView view));
        Assert.False(SipDestination.TryFrom(view, out _));
    }

    private static DnsServiceRecord Service(ushort priority, ushort weight, string target) => new("s", TimeSpan.FromSeconds(1), priority, weight, 5060, target);

    private static string[] Targets(SipLocation location) => [.. location.Targets.Select(target => target.ToString())];

    private static string[] Questions(SipLocation location) => [.. location.Steps.Select(step => $"{step.Type} {step.Name}")];

    private static NetworkAddress At(string text)
    {
        Assert.True(NetworkAddress.TryParseHost(text, 0, out NetworkAddress address), text);
        return address;
    }

    private Task<SipLocation> LocateAsync(string uri, IReadOnlyList<SipTransport>? transports = null, Func<NetworkAddress, bool>? hasRoute = null)
    {
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(uri), out SipUriView view));
        Assert.True(SipDestination.TryFrom(view, out SipDestination destination));
        return new SipLocator(_zone, TimeProvider.System, _ => 0, hasRoute ?? (_ => true)).LocateAsync(destination, transports ?? Everything);
    }

    /// <summary>A zone in memory; what is not in it does not exist.</summary>
    private sealed class Zone : IDnsClient
    {
        private readonly Dictionary<(string, DnsType), List<DnsRecord>> _records = [];

        public Dictionary<string, NetworkAddress[]> Local { get; } = [];

        public HashSet<DnsType> Refused { get; } = [];

        public List<string> Asked { get; } = [];

        public DnsStatus? Status { get; set; }

        public Zone Add(string name, DnsType type, params string[] records)
        {
            _records[(name, type)] = [.. records.Select(record => Read(name, type, record.Split(' ')))];
            return this;
        }

        public void Remove(string name) => _records.Remove((name, DnsType.Srv));

        public ValueTask<DnsAnswer> QueryAsync(string name, DnsType type, CancellationToken cancellationToken = default)
        {
            Asked.Add($"{type} {name}");
            if (Refused.Contains(type)) return new(new DnsAnswer(DnsStatus.Refused, [], TimeSpan.Zero));
            if (Status is { } status) return new(new DnsAnswer(status, [], TimeSpan.Zero));
            return new(_records.TryGetValue((name, type), out List<DnsRecord>? found)
                ? new DnsAnswer(DnsStatus.Found, found, TimeSpan.FromSeconds(60))
                : new DnsAnswer(DnsStatus.NoSuchName, [], TimeSpan.Zero));
        }

        public IReadOnlyList<NetworkAddress> FindLocally(string name) => Local.GetValueOrDefault(name) ?? [];

        private static DnsRecord Read(string name, DnsType type, string[] words)
        {
            TimeSpan life = TimeSpan.FromSeconds(60);
            ushort Number(int i) => ushort.Parse(words[i], System.Globalization.CultureInfo.InvariantCulture);
            return type switch
            {
                DnsType.Naptr => new DnsPointerRecord(name, life, Number(0), Number(1), words[2], words[3], "", words[4]),
                DnsType.Srv => new DnsServiceRecord(name, life, Number(0), Number(1), Number(2), words[3] == "." ? "" : words[3]),
                _ => new DnsAddressRecord(name, life, At(words[0])),
            };
        }
    }
}
