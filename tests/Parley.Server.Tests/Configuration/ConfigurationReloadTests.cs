using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;

namespace Parley.Server.Tests.Configuration;

public sealed class ConfigurationReloadTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_reload_takes_what_is_safe_and_names_what_needs_a_restart()
    {
        using var file = new TestFile("""{ "domains": ["a.example"], "lanes": 1 }""");
        var log = new RecordingLogger();
        var snapshots = new List<ParleyConfiguration>();
        using ConfigurationWatcher watcher = Watch(file, snapshots.Add, log, out ParleyConfiguration first);

        File.WriteAllText(file.Path, """{ "domains": ["a.example", "b.example"], "lanes": 2, "data": "elsewhere", "trusted": ["192.0.2.0/24"], "registrar": { "maxContacts": 3 } }""");
        Assert.Null(watcher.Reload());

        ParleyConfiguration taken = Assert.Single(snapshots);
        Assert.Same(taken, watcher.Current);
        Assert.Equal(first with { Domains = taken.Domains, Trusted = taken.Trusted, Registrar = taken.Registrar }, taken);
        Assert.Equal(["a.example", "b.example"], taken.Domains.Select(domain => domain.Name));
        Assert.Equal("192.0.2.0/24", taken.Trusted.Single().ToString());
        Assert.Equal(3, taken.Registrar.MaxContacts);
        Assert.Equal(
            [
                "Warning: These keys of the configuration have changed and wait for a restart: data, lanes",
                "Information: The configuration has changed: domains, trusted, registrar.maxContacts",
            ],
            log.Lines);
    }

    [Fact]
    public void A_file_with_a_mistake_changes_nothing()
    {
        using var file = new TestFile("""{ "domains": ["a.example"] }""");
        var log = new RecordingLogger();
        using ConfigurationWatcher watcher = Watch(file, _ => Assert.Fail("nothing has changed"), log, out ParleyConfiguration first);

        File.WriteAllText(file.Path, """{ "domains": ["b.example"], "lains": 1 }""");
        Assert.Equal("lains", watcher.Reload()?.Key);
        Assert.Same(first, watcher.Current);
        Assert.StartsWith($"Error: The changed configuration is not taken: {file.Path} line 1: unknown key \"lains\"", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_says_the_same_changes_nothing()
    {
        using var file = new TestFile("""{ "domains": ["a.example"] }""");
        var log = new RecordingLogger();
        using ConfigurationWatcher watcher = Watch(file, _ => Assert.Fail("nothing has changed"), log, out ParleyConfiguration first);
        File.WriteAllText(file.Path, """{ "domains": [{ "name": "A.example" }] } // rewritten""");
        Assert.Null(watcher.Reload());
        Assert.Same(first, watcher.Current);
        Assert.Empty(log.Lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_changed_file_is_noticed(bool isReplaced)
    {
        using var file = new TestFile("""{ "domains": ["a.example"] }""");
        var changed = new TaskCompletionSource<ParleyConfiguration>(TaskCreationOptions.RunContinuationsAsynchronously);
        using ConfigurationWatcher watcher = Watch(file, snapshot => changed.TrySetResult(snapshot), new RecordingLogger(), out _, TimeProvider.System);

        const string Json = """{ "domains": ["b.example"] }""";
        if (isReplaced)
        {
            await File.WriteAllTextAsync(file.Path + ".new", Json);
            File.Move(file.Path + ".new", file.Path, overwrite: true);
        }
        else await File.WriteAllTextAsync(file.Path, Json);

        ParleyConfiguration taken = await changed.Task.WaitAsync(Limit);
        Assert.Equal("b.example", taken.Domains.Single().Name);
    }

    [Fact]
    public void Every_key_says_whether_a_reload_takes_it()
    {
        // Each key with a value that is not its default: the reload must take exactly what the table of keys says.
        Dictionary<string, string> others = new()
        {
            ["domains"] = "a.example", ["listen"] = "udp://127.0.0.1", ["data"] = "d", ["advertise"] = "a", ["trusted"] = "192.0.2.1", ["realm"] = "r", ["dns"] = "192.0.2.53", ["lanes"] = "3",
            ["authentication.algorithms"] = "SHA-256",
            ["tls.certificate"] = "c", ["tls.key"] = "k", ["tls.clientCertificates"] = "optional", ["tls.authorities"] = "a", ["web.origins"] = "https://a.example",
            ["location.durable"] = "false", ["location.maxAddressesOfRecord"] = "7", ["registrar.minExpires"] = "7", ["registrar.maxExpires"] = "4000",
            ["registrar.defaultExpires"] = "70", ["registrar.maxContacts"] = "7", ["registrar.maxBindingBytes"] = "700", ["registrar.flowTimer"] = "70", ["registrar.requirePath"] = "true", ["proxy.timerC"] = "700",
            ["proxy.maxBranches"] = "7", ["proxy.sessionExpires"] = "700", ["proxy.assertIdentity"] = "never", ["access.allowFrom"] = "192.0.2.1", ["access.denyFrom"] = "a@b", ["access.allowTo"] = "a", ["access.denyTo"] = "a", ["proxy.recurse"] = "true", ["media.address"] = "192.0.2.7", ["media.ports"] = "7000-7999",
            ["events.maxSubscriptions"] = "7", ["events.maxSubscriptionsPerUser"] = "7", ["events.maxPublications"] = "7", ["events.dialogState"] = "full",
            ["messages.store"] = "false", ["messages.expires"] = "7", ["messages.maxPerUser"] = "7", ["messages.maxTotal"] = "7",
            ["calls.record"] = "true", ["calls.retention"] = "7", ["calls.maxRows"] = "700",
            ["push.url"] = "https://a.example/p", ["push.secret"] = "s", ["push.token"] = "t", ["push.providers"] = "acme", ["push.wait"] = "7", ["push.maxWaiting"] = "7", ["push.strangers"] = "true", ["push.minExpires"] = "700", ["push.timeout"] = "7", ["push.concurrency"] = "7",
            ["conferences.maxRooms"] = "7", ["conferences.maxParties"] = "7", ["conferences.strangers"] = "true",
            ["voicemail.maxLength"] = "7", ["voicemail.maxPerUser"] = "7", ["voicemail.maxMegabytes"] = "7",
            ["presence.watchers"] = "everyone", ["presence.allow"] = "a@example.com:b@example.com",
            ["protection.failures"] = "7", ["protection.window"] = "70", ["protection.banTime"] = "71", ["protection.maxBanTime"] = "72", ["protection.exempt"] = "192.0.2.7/32", ["protection.connectionsPerSource"] = "73",
        };
        Assert.Equal(ConfigurationKeys.All.Select(key => key.Name).Where(name => name != "database").Order(), others.Keys.Order());

        foreach ((string name, string value) in others)
        {
            ParleyConfiguration running = Load(new ConfigurationSources());
            ParleyConfiguration read = Load(new ConfigurationSources { CommandLine = [new(name, "--option", [value])] });
            ConfigurationReload reload = ConfigurationReload.Between(running, read);
            ConfigurationKey key = ConfigurationKeys.Find(name, StringComparison.Ordinal)!;
            Assert.Equal([name], (key.CanReload ? reload.Taken : reload.NeedRestart).ToArray());
            Assert.Empty(key.CanReload ? reload.NeedRestart : reload.Taken);
            Assert.Equal(key.Show(key.CanReload ? read : running), key.Show(reload.Configuration));
        }
    }

    private static ConfigurationWatcher Watch(
        TestFile file, Action<ParleyConfiguration> changed, ILogger log, out ParleyConfiguration first, TimeProvider? time = null)
    {
        var sources = new ConfigurationSources { File = file.Path };
        first = Load(sources);
        return new ConfigurationWatcher(first, sources, changed, time ?? new TestTime(), log);
    }

    private static ParleyConfiguration Load(ConfigurationSources sources)
    {
        Assert.True(ParleyConfiguration.TryLoad(sources, out ParleyConfiguration? configuration, out ConfigurationError? error), error?.Message);
        return configuration;
    }
}
