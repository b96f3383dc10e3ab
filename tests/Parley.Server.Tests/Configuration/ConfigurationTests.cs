using Parley.Core;
using Parley.Server.Configuration;
using Parley.Sip.Authentication;

namespace Parley.Server.Tests.Configuration;

public sealed class ConfigurationTests
{
    private const string TopKeys = "domains, listen, data, database, advertise, trusted, realm, dns, lanes, authentication, tls, web, access, location, registrar, proxy, protection, events, presence, messages, calls, push, conferences, voicemail, media";
    private const string RegistrarKeys = "minExpires, maxExpires, defaultExpires, maxContacts, maxBindingBytes, flowTimer, requirePath";

    private static readonly MachineFacts Machine = new("Box", true);

    [Fact]
    public void Without_any_source_the_server_has_all_that_it_needs()
    {
        ParleyConfiguration configuration = Load(new ConfigurationSources { Machine = Machine });
        Assert.Equal(["localhost", "box"], configuration.Domains.Select(domain => domain.Name));
        Assert.Equal(["udp://0.0.0.0:5060", "tcp://0.0.0.0:5060", "udp://[::]:5060", "tcp://[::]:5060"], configuration.Listen.Select(uri => uri.ToString()));
        Assert.Equal("./parley-data", configuration.DataFolder);
        Assert.True(configuration.Location.Durable);
        Assert.Empty(configuration.Trusted);
        Assert.Equal("localhost", configuration.RealmOf("localhost"));
        Assert.Equal(new PortRange(20000, 29999), configuration.Media.Ports);
    }

    [Theory]
    [InlineData("", false, "localhost", "udp://0.0.0.0:5060 tcp://0.0.0.0:5060")]
    [InlineData("localhost", false, "localhost", "udp://0.0.0.0:5060 tcp://0.0.0.0:5060")]
    [InlineData("not a name", true, "localhost", "udp://0.0.0.0:5060 tcp://0.0.0.0:5060 udp://[::]:5060 tcp://[::]:5060")]
    public void Defaults_follow_the_machine(string hostName, bool hasIPv6, string domains, string listen)
    {
        ParleyConfiguration configuration = Load(new ConfigurationSources { Machine = new MachineFacts(hostName, hasIPv6) });
        Assert.Equal(domains, string.Join(' ', configuration.Domains.Select(domain => domain.Name)));
        Assert.Equal(listen, string.Join(' ', configuration.Listen));
    }

    [Fact]
    public void A_file_sets_every_key()
    {
        ParleyConfiguration configuration = LoadFile("""
            // a comment
            {
              "domains": ["Example.COM.", { "name": "old.example", "role": "redirect" }, { "name": "[2001:db8::1]" }],
              "listen": ["udp://127.0.0.1:0", "tcp://[::1]", "UDP://192.0.2.1:5070/"],
              "data": "/var/lib/parley", /* another */
              "advertise": "sip.example.com",
              "trusted": ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"],
              "realm": "example",
              "lanes": 4,
              "authentication": { "algorithms": ["sha-512-256", "MD5"] },
              "location": { "durable": false, "maxAddressesOfRecord": 5 },
              "registrar": { "minExpires": 30, "maxExpires": 600, "defaultExpires": 300, "maxContacts": 2, "maxBindingBytes": 1000 },
              "proxy": { "timerC": 200, "maxBranches": 3 },
              "media": { "address": "203.0.113.9", "ports": "40000-40099", },
            }
            """);

        Assert.Equal(
            [new DomainOptions("example.com"), new DomainOptions("old.example", DomainRole.Redirect), new DomainOptions("[2001:db8::1]")], configuration.Domains.ToArray());
        Assert.Equal("udp://127.0.0.1:0 tcp://[::1]:5060 udp://192.0.2.1:5070", string.Join(' ', configuration.Listen));
        Assert.Equal("/var/lib/parley", configuration.DataFolder);
        Assert.Equal("sip.example.com", configuration.Advertise);
        Assert.Equal("192.0.2.0/24 2001:db8::/32 198.51.100.7/32", string.Join(' ', configuration.Trusted));
        Assert.Equal("example", configuration.RealmOf("example.com"));
        Assert.Equal(4, configuration.Lanes);
        Assert.Equal([DigestAlgorithm.Sha512Truncated256, DigestAlgorithm.Md5], configuration.Authentication.Algorithms.ToArray());
        Assert.Equal(new LocationOptions { Durable = false, MaxAddressesOfRecord = 5 }, configuration.Location);
        Assert.Equal(
            new RegistrarOptions
            {
                MinExpires = TimeSpan.FromSeconds(30), MaxExpires = TimeSpan.FromMinutes(10), DefaultExpires = TimeSpan.FromMinutes(5), MaxContacts = 2, MaxBindingBytes = 1000,
            },
            configuration.Registrar);
        Assert.Equal(new ProxyOptions { TimerC = TimeSpan.FromSeconds(200), MaxBranches = 3 }, configuration.Proxy);
        Assert.Equal(new MediaOptions { Address = "203.0.113.9", Ports = new PortRange(40000, 40099) }, configuration.Media);
    }

    [Fact]
    public void The_command_line_goes_over_the_environment_and_that_over_the_file()
    {
        using var file = new TestFile("""{ "data": "a", "realm": "a", "lanes": 1, "registrar": { "minExpires": 11, "maxContacts": 11 } }""");
        ParleyConfiguration configuration = Load(new ConfigurationSources
        {
            File = file.Path,
            Environment = new Dictionary<string, string>
            {
                ["PARLEY__Realm"] = "b", ["PARLEY__DATA"] = "b", ["PARLEY__Registrar__MinExpires"] = "22", ["HOME"] = "/", ["PARLEY_OTHER"] = "x",
            },
            CommandLine = [new ConfigurationOverride("data", "--data", ["c"])],
        });
        Assert.Equal(("c", "b", 1), (configuration.DataFolder, configuration.Realm, configuration.Lanes));
        Assert.Equal((TimeSpan.FromSeconds(22), 11), (configuration.Registrar.MinExpires, configuration.Registrar.MaxContacts));
    }

    [Theory]
    [InlineData("a.example b.example")]
    [InlineData("a.example, b.example")]
    [InlineData("a.example,b.example")]
    [InlineData("""["a.example", "b.example"]""")]
    [InlineData("""[{ "name": "a.example" }, "b.example"]""")]
    public void The_environment_writes_lists_in_one_line(string value)
    {
        ParleyConfiguration configuration = Load(Environment("PARLEY__Domains", value));
        Assert.Equal(["a.example", "b.example"], configuration.Domains.Select(domain => domain.Name));
    }

    [Fact]
    public void The_command_line_writes_lists_by_repetition()
    {
        ParleyConfiguration configuration = Load(new ConfigurationSources
        {
            CommandLine = [new("listen", "--listen", ["udp://127.0.0.1:5070", "tcp://127.0.0.1:5070"]), new("domains", "--domain", ["a.example"])],
        });
        Assert.Equal("udp://127.0.0.1:5070 tcp://127.0.0.1:5070", string.Join(' ', configuration.Listen));
        Assert.Equal(["a.example"], configuration.Domains.Select(domain => domain.Name));
    }

    [Fact]
    public void A_domain_has_a_service_route()
    {
        DomainOptions domain = LoadFile("""{ "domains": [{ "name": "a.example", "serviceRoute": ["sip:p.a.example", "sip:192.0.2.1:5070;lr"] }] }""").Domains.Single();
        Assert.Equal(["sip:p.a.example", "sip:192.0.2.1:5070;lr"], domain.ServiceRoute.Select(uri => uri.ToString()));
        Assert.NotEqual(new DomainOptions("a.example"), domain);
    }

    [Theory]
    [InlineData("maxExpires", 600, 60, 600, 600)]
    [InlineData("maxExpires", 7000, 60, 7000, 3600)]
    [InlineData("minExpires", 3600, 3600, 7200, 3600)]
    public void A_default_interval_gives_way_to_what_was_set(string key, int value, int min, int max, int @default)
    {
        RegistrarOptions registrar = LoadFile($$"""{ "registrar": { "{{key}}": {{value}} } }""").Registrar;
        Assert.Equal((min, max, @default), ((int)registrar.MinExpires.TotalSeconds, (int)registrar.MaxExpires.TotalSeconds, (int)registrar.DefaultExpires.TotalSeconds));
    }

    [Theory]
    [InlineData("{\n\n\"domians\": [] }", "FILE line 3: unknown key \"domians\"; did you mean \"domains\"? Allowed: " + TopKeys)]
    [InlineData("{ \"port\": 5060 }", "FILE line 1: unknown key \"port\"; Allowed: " + TopKeys)]
    [InlineData("{ \"minExpires\": 60 }", "FILE line 1: unknown key \"minExpires\"; did you mean \"registrar.minExpires\"? Allowed: " + TopKeys)]
    [InlineData("{ \"registrar\": {\n\"minExpire\": 60 } }", "FILE line 2: unknown key \"registrar.minExpire\"; did you mean \"registrar.minExpires\"? Allowed: " + RegistrarKeys)]
    [InlineData("{ \"domains\": [{ \"name\": \"a\", \"serviceRoute\": [\"p.a\"] }] }", "FILE line 1: \"domains\" cannot be used: \"serviceRoute\" of a domain is a list (FILE line 1); allowed: a list of 1 to 8 SIP URIs such as \"sip:proxy.example.com;lr\"")]
    [InlineData("{ \"registrar\": 5 }", "FILE line 1: \"registrar\" is 5; allowed: an object with " + RegistrarKeys)]
    [InlineData("{ \"registrar\":\n { \"minExpires\": 0 } }", "FILE line 2: \"registrar.minExpires\" is 0; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"minExpires\": 3601 } }", "FILE line 1: \"registrar.minExpires\" is 3601; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"minExpires\": 1.5 } }", "FILE line 1: \"registrar.minExpires\" is 1.5; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"minExpires\": -1 } }", "FILE line 1: \"registrar.minExpires\" is -1; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"minExpires\": \"60\" } }", "FILE line 1: \"registrar.minExpires\" is \"60\"; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"minExpires\": null } }", "FILE line 1: \"registrar.minExpires\" is null; allowed: 1 to 3600 (seconds)")]
    [InlineData("{ \"registrar\": { \"maxExpires\": 59 } }", "FILE line 1: \"registrar.maxExpires\" is 59; allowed: \"registrar.minExpires\" (60) or more")]
    [InlineData("{ \"registrar\": { \"defaultExpires\": 59 } }", "FILE line 1: \"registrar.defaultExpires\" is 59; allowed: 60 to 7200, the values of \"registrar.minExpires\" and \"registrar.maxExpires\"")]
    [InlineData("{ \"registrar\": { \"maxContacts\": true } }", "FILE line 1: \"registrar.maxContacts\" is true; allowed: 1 to 100")]
    [InlineData("{ \"lanes\": 1,\n \"lanes\": 2 }", "FILE line 2: the key \"lanes\" is there twice, first in FILE line 1")]
    [InlineData("{ \"lanes\": [] }", "FILE line 1: \"lanes\" is an empty list; allowed: 0 to 256 (0 is one per processor core)")]
    [InlineData("{ \"lanes\": {} }", "FILE line 1: \"lanes\" is an object; allowed: 0 to 256 (0 is one per processor core)")]
    [InlineData("{ \"data\": \" \" }", "FILE line 1: \"data\" is \" \"; allowed: a folder")]
    [InlineData("{ \"database\": \"Host=db;Password=secret\" }", "FILE line 1: \"database\" is not supported in this version, which keeps its data in the folder that \"data\" names; remove the key")]
    [InlineData("{ \"location\": { \"durable\": \"yes\" } }", "FILE line 1: \"location.durable\" is \"yes\"; allowed: true or false")]
    [InlineData("{ \"proxy\": { \"timerC\": 180 } }", "FILE line 1: \"proxy.timerC\" is 180; allowed: 181 to 86400 (seconds; RFC 3261 wants more than 3 minutes)")]
    [InlineData("{ \"media\": { \"ports\": \"9-1\" } }", "FILE line 1: \"media.ports\" is \"9-1\"; allowed: a range of ports such as \"20000-29999\"")]
    [InlineData("{ \"media\": { \"address\": \"example.com\" } }", "FILE line 1: \"media.address\" is \"example.com\"; allowed: an IP address")]
    [InlineData("{ \"authentication\": { \"algorithms\": [\"SHA-1\"] } }", "FILE line 1: \"authentication.algorithms\" has \"SHA-1\", which is no algorithm; allowed: a list of \"MD5\", \"SHA-256\" and \"SHA-512-256\", each once")]
    [InlineData("{ \"authentication\": { \"algorithms\": [\"MD5\", \"md5\"] } }", "FILE line 1: \"authentication.algorithms\" has \"md5\" twice; allowed: a list of \"MD5\", \"SHA-256\" and \"SHA-512-256\", each once")]
    [InlineData("{ \"trusted\": [\"192.0.2.0/33\"] }", "FILE line 1: \"trusted\" has \"192.0.2.0/33\", which is no network; allowed: a list of networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"")]
    [InlineData("{ \"trusted\": \"192.0.2.0/24\" }", "FILE line 1: \"trusted\" is \"192.0.2.0/24\"; allowed: a list of networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"")]
    [InlineData("{ \"realm\": \"a\\\"b\" }", "FILE line 1: \"realm\" is \"a\"b\"; allowed: a text without quotes")]
    [InlineData("{ \"advertise\": \"a b\" }", "FILE line 1: \"advertise\" is \"a b\"; allowed: an IP address or a host name")]
    [InlineData("{ \"push\": { \"url\": \"ftp://a.example/\" } }", "FILE line 1: \"push.url\" is \"ftp://a.example/\"; allowed: an http or https URL without user, password and fragment")]
    [InlineData("{ \"push\": { \"url\": \"https://u:p@a.example/\" } }", "FILE line 1: \"push.url\" has a user or a password; allowed: an http or https URL without user, password and fragment")]
    [InlineData("{ \"push\": { \"url\": \"/push\" } }", "FILE line 1: \"push.url\" is \"/push\"; allowed: an http or https URL without user, password and fragment")]
    [InlineData("{ \"push\": { \"token\": \"a b\" } }", "FILE line 1: \"push.token\" is none that can be sent; allowed: a text of letters, digits and -._~+/=")]
    [InlineData("{ \"push\": { \"providers\": [\"a;b\"] } }", "FILE line 1: \"push.providers\" has \"a;b\", which is no name of a service, or is there twice; allowed: a list of push services such as \"apns\", each once")]
    [InlineData("{ \"push\": { \"providers\": [\"apns\", \"APNS\"] } }", "FILE line 1: \"push.providers\" has \"APNS\", which is no name of a service, or is there twice; allowed: a list of push services such as \"apns\", each once")]
    [InlineData("{ \"push\": { \"minExpires\": 299 } }", "FILE line 1: \"push.minExpires\" is 299; allowed: 300 to 3600 (seconds)")]
    [InlineData("{ \"push\": { \"url\": \"https://a.example\" },\n \"registrar\": { \"maxExpires\": 299 } }", "FILE line 2: \"registrar.maxExpires\" is 299; allowed beside \"push.url\": 300 or more, so that a phone can be woken before its binding ends")]
    [InlineData("[]", "FILE line 1: the configuration must be an object: { ... }")]
    [InlineData("{\n \"lanes\": 1\n \"data\": \"x\" }", "FILE line 3: this is no JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'.")]
    [InlineData("{} {}", "FILE line 1: this is no JSON: '{' is invalid after a single JSON value. Expected end of data.")]
    public void A_mistake_in_the_file_is_named_with_its_line_and_what_is_allowed(string json, string message)
    {
        using var file = new TestFile(json);
        Assert.Equal(message.Replace("FILE", file.Path, StringComparison.Ordinal), Refused(new ConfigurationSources { File = file.Path }).Message);
    }

    private const string DomainValues = "; allowed: a list of names such as \"example.com\", or objects with \"name\", \"role\" (\"proxy\", \"redirect\" or \"edge\") and rules for calls";

    [Theory]
    [InlineData("[]", "is an empty list")]
    [InlineData("\"example.com\"", "is \"example.com\"")]
    [InlineData("[\"a b\"]", "has \"a b\", which is no host name or IP address")]
    [InlineData("[\"-a\"]", "has \"-a\", which is no host name or IP address")]
    [InlineData("[5]", "has 5, which is no host name or IP address")]
    [InlineData("[\"a\", \"A\"]", "has \"a\" twice")]
    [InlineData("[{}]", "has an object without a name")]
    [InlineData("[{ \"name\": \"a\", \"rule\": \"proxy\" }]", "cannot be used: a domain has an unknown key \"rule\" (FILE line 1); did you mean \"role\"?; allowed: name, role, registrar, serviceRoute, forward, doNotDisturb, maxCalls, users, groups, shortCodes")]
    [InlineData("[{ \"name\": \"a\", \"role\": \"registrar\" }]", "cannot be used: \"role\" of a domain is \"registrar\" (FILE line 1); allowed: \"proxy\", \"redirect\", \"edge\"")]
    [InlineData("[{ \"name\": \"a\", \"role\": \"edge\" }]", "cannot be used: the role edge has no \"registrar\" (FILE line 1); allowed: a SIP URI without a user such as \"sip:192.0.2.1:5060\", beside \"role\": \"edge\" and there alone")]
    [InlineData("[{ \"name\": \"a\", \"registrar\": \"sip:192.0.2.1\" }]", "cannot be used: \"registrar\" of a domain is \"sip:192.0.2.1\" (FILE line 1); allowed: a SIP URI without a user such as \"sip:192.0.2.1:5060\", beside \"role\": \"edge\" and there alone")]
    [InlineData("[{ \"name\": \"a\", \"users\": { \"bob\": { \"forward\": { \"bussy\": \"x\" } } } }]", "cannot be used: \"forward\" of user \"bob\" has an unknown key \"bussy\" (FILE line 1); did you mean \"busy\"?; allowed: always, busy, noAnswer, offline, declined, after")]
    [InlineData("[{ \"name\": \"a\", \"users\": { \"bob\": { \"forward\": { \"busy\": \"x y\" } } } }]", "cannot be used: \"busy\" of \"forward\" of user \"bob\" is \"x y\" (FILE line 1); allowed: a user of the domain, or a SIP URI")]
    [InlineData("[{ \"name\": \"a\", \"users\": { \"bob\": { \"maxCalls\": -1 } } }]", "cannot be used: \"maxCalls\" of user \"bob\" is -1 (FILE line 1); allowed: 0 to 10000")]
    [InlineData("[{ \"name\": \"a\", \"users\": [] }]", "cannot be used: \"users\" of a domain is an empty list (FILE line 1); allowed: an object")]
    [InlineData("[{ \"name\": \"a\", \"groups\": { \"g\": {} } }]", "cannot be used: group \"g\" has no members (FILE line 1); allowed: \"members\" with a user of the domain, or a SIP URI, once or more")]
    [InlineData("[{ \"name\": \"a\", \"groups\": { \"g\": { \"members\": [\"b\"], \"ring\": \"some\" } } }]", "cannot be used: \"ring\" of group \"g\" is \"some\" (FILE line 1); allowed: \"all\", \"inTurn\", \"roundRobin\"")]
    [InlineData("[{ \"name\": \"a\", \"groups\": { \"g\": { \"members\": [\"g\"] } } }]", "cannot be used: group \"g\" has the group \"g\" as a member (FILE line 1); allowed: users and URIs; \"otherwise\" may name a group")]
    [InlineData("[{ \"name\": \"a\", \"shortCodes\": { \"1\": 5 } }]", "cannot be used: short code \"1\" is 5 (FILE line 1); allowed: a user of the domain, or a SIP URI")]
    public void A_mistake_in_domains_says_which(string json, string problem)
    {
        using var file = new TestFile($$"""{ "domains": {{json}} }""");
        string allowed = problem.Contains("; allowed: ", StringComparison.Ordinal) ? "" : DomainValues;
        Assert.Equal($"{file.Path} line 1: \"domains\" {problem.Replace("FILE", file.Path, StringComparison.Ordinal)}{allowed}", Refused(new ConfigurationSources { File = file.Path }).Message);
    }

    private const string ListenValues = "; allowed: a list of URIs such as \"udp://0.0.0.0:5060\", \"tcp://[::]:5060\", \"tls://0.0.0.0:5061\" or \"https://0.0.0.0:8443\"";

    [Theory]
    [InlineData("0.0.0.0:5060", "which is no listening URI")]
    [InlineData("ng://0.0.0.0:2223", "which cannot be listened on: \"ng\" is not in this version, which has udp, tcp, tls, http, https")]
    [InlineData("sctp://0.0.0.0:5060", "which has an unknown scheme \"sctp\"")]
    [InlineData("udp://example.com:5060", "which needs an IP address and a port (0.0.0.0 and [::] are all addresses of this machine)")]
    [InlineData("udp://0.0.0.0:65536", "which needs an IP address and a port (0.0.0.0 and [::] are all addresses of this machine)")]
    [InlineData("udp://::1", "which needs an IP address and a port (0.0.0.0 and [::] are all addresses of this machine)")]
    [InlineData("udp://", "which needs an IP address and a port (0.0.0.0 and [::] are all addresses of this machine)")]
    public void A_mistake_in_a_listening_URI_says_what_is_wrong(string uri, string problem)
    {
        ConfigurationError error = Refused(new ConfigurationSources { CommandLine = [new("listen", "--listen", [uri])] });
        Assert.Equal($"option --listen: \"listen\" has \"{uri}\", {problem}{ListenValues}", error.Message);
        Assert.Equal("listen", error.Key);
    }

    [Fact]
    public void A_listening_URI_is_there_once_but_any_free_port_as_often_as_wanted()
    {
        Load(new ConfigurationSources { CommandLine = [new("listen", "--listen", ["udp://127.0.0.1:0", "udp://127.0.0.1:0"])] });
        ConfigurationError error = Refused(new ConfigurationSources { CommandLine = [new("listen", "--listen", ["udp://127.0.0.1", "udp://127.0.0.1:5060"])] });
        Assert.Equal($"option --listen: \"listen\" has \"udp://127.0.0.1:5060\" twice{ListenValues}", error.Message);
    }

    [Theory]
    [InlineData("PARLEY__Domians", "x", "environment variable PARLEY__Domians: unknown key \"Domians\"; did you mean \"domains\"? Allowed: " + TopKeys)]
    [InlineData("PARLEY__Registrar__Foo", "x", "environment variable PARLEY__Registrar__Foo: unknown key \"Registrar.Foo\"; Allowed: " + RegistrarKeys)]
    [InlineData("PARLEY__Lanes", "many", "environment variable PARLEY__Lanes: \"lanes\" is \"many\"; allowed: 0 to 256 (0 is one per processor core)")]
    public void A_mistake_in_the_environment_names_the_variable(string variable, string value, string message)
    {
        Assert.Equal(message, Refused(Environment(variable, value)).Message);
    }

    [Fact]
    public void A_file_that_was_asked_for_must_be_there()
    {
        ConfigurationError error = Refused(new ConfigurationSources { File = "/nonexistent/parley.json" });
        Assert.StartsWith("the configuration file /nonexistent/parley.json cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("EXAMPLE.Com.", "example.com")]
    [InlineData("example.comx", null)]
    [InlineData("", null)]
    public void Domains_are_found_by_what_stands_in_a_URI(string host, string? found)
    {
        var configuration = new ParleyConfiguration { Domains = [new("a.example"), new("example.com")] };
        Assert.Equal(found, configuration.FindDomain(System.Text.Encoding.UTF8.GetBytes(host))?.Name);
    }

    [Theory]
    [InlineData("192.0.2.255", true)]
    [InlineData("192.0.3.0", false)]
    [InlineData("2001:db8:ffff::1", true)]
    [InlineData("2001:db9::1", false)]
    [InlineData("::ffff:192.0.2.1", true)]
    public void Trusted_networks_hold_their_addresses(string address, bool isTrusted)
    {
        ParleyConfiguration configuration = Load(Environment("PARLEY__Trusted", "192.0.2.0/24 2001:db8::/32"));
        Assert.True(NetworkAddress.TryParseHost(address, 5060, out NetworkAddress parsed));
        Assert.Equal(isTrusted, configuration.IsTrusted(parsed));
    }

    private static ParleyConfiguration LoadFile(string json)
    {
        using var file = new TestFile(json);
        return Load(new ConfigurationSources { File = file.Path, Machine = Machine });
    }

    private static ConfigurationSources Environment(string variable, string value) =>
        new() { Environment = new Dictionary<string, string> { [variable] = value }, Machine = Machine };

    private static ParleyConfiguration Load(ConfigurationSources sources)
    {
        Assert.True(ParleyConfiguration.TryLoad(sources, out ParleyConfiguration? configuration, out ConfigurationError? error), error?.Message);
        return configuration;
    }

    private static ConfigurationError Refused(ConfigurationSources sources)
    {
        Assert.False(ParleyConfiguration.TryLoad(sources, out _, out ConfigurationError? error));
        return error;
    }
}
