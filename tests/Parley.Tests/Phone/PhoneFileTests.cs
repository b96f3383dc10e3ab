using System.Text;
using Parley.Endpoint.Media;
using Parley.Media.Processing;
using Parley.Output;
using Parley.Phone.Settings;
using Parley.Sdp;
using Parley.UserAgent;

namespace Parley.Tests.Phone;

/// <summary>The file of accounts and contacts.</summary>
public sealed class PhoneFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("parley-phone-");

    public void Dispose() => _folder.Delete(recursive: true);

    private static PhoneSettings Read(string json) => PhoneFile.Read(Encoding.UTF8.GetBytes(json), "phone.json", new SipUserAgentOptions { Product = "Parley/test" }, registers: true);

    [Fact]
    public void Accounts_and_contacts_are_read()
    {
        PhoneSettings settings = Read("""
            {
              // two of them
              "accounts": [
                { "uri": "sip:alice@example.com", "name": "Alice", "user": "a1", "password": " s p ", "proxy": "sip:192.0.2.1;transport=tcp", "local": "127.0.0.1:5070", "instance": "urn:uuid:1" },
                { "uri": "sip:alice@work.example", "register": false, "srtp": "require", "silence": "suppress" },
              ],
              "contacts": [ { "name": "Bob", "uri": "sip:bob@work.example" }, { "name": "Carol", "uri": "sip:carol@x.example", "account": "sip:alice@work.example" }, { "name": "Dan", "uri": "sip:dan@x.example" } ],
              "bell": false, "microphone": "plughw:1", "noiseReduction": false, "tones": "jp"
            }
            """);

        SipUserAgentOptions agent = settings.Accounts[0].Agent;
        Assert.Equal(("sip:alice@example.com", "Alice", "a1", " s p ", "urn:uuid:1", "Parley/test"), (agent.Identity!.ToString(), agent.DisplayName, agent.UserName, agent.Password, agent.Instance, agent.Product));
        Assert.Equal(("sip:192.0.2.1;transport=tcp", "127.0.0.1:5070"), (agent.OutboundProxy!.ToString(), agent.Listen[0].Address.ToString()));
        Assert.Equal([true, false], settings.Accounts.Select(account => account.Registers));
        Assert.Equal([SrtpUse.Off, SrtpUse.Require], settings.Accounts.Select(account => account.Agent.Srtp));
        Assert.Equal([SilenceSuppression.WhenAsked, SilenceSuppression.Always], settings.Accounts.Select(account => account.Agent.Silence));
        Assert.Equal([("Bob", 1), ("Carol", 1), ("Dan", 0)], settings.Contacts.Select(contact => (contact.Name, contact.Account)));
        Assert.False(settings.HasBell);
        Assert.Equal(("plughw:1", null, SpeechProcessing.EchoCancellation | SpeechProcessing.GainControl, "jp"), (settings.Sound.Microphone, settings.Sound.Speaker, settings.Sound.Processing, settings.Sound.Tones!.Code));
    }

    [Theory]
    [InlineData("{", "phone.json line 1: this is no JSON: ")]
    [InlineData("[]", "phone.json cannot be used: the file is an empty list (phone.json line 1); allowed: an object")]
    [InlineData("""{ "acounts": [] }""", "phone.json cannot be used: the file has an unknown key \"acounts\" (phone.json line 1); did you mean \"accounts\"?; allowed: accounts, contacts, bell, microphone, speaker, echoCancellation, noiseReduction, gainControl, tones")]
    [InlineData("""{ "accounts": [ { "password": "x" } ] }""", "phone.json cannot be used: an account has no \"uri\" (phone.json line 1); allowed: \"uri\": \"sip:alice@example.com\"")]
    [InlineData("""{ "accounts": [ { "uri": "sip:example.com" } ] }""", "phone.json cannot be used: \"uri\" of an account is \"sip:example.com\" (phone.json line 1); allowed: a SIP URI with a user, such as \"sip:alice@example.com\"")]
    [InlineData("""{ "accounts": [ { "uri": "sip:a@b", "password": 1234 } ] }""", "phone.json cannot be used: \"password\" of an account is no text (phone.json line 1); allowed: a text in quotes")]
    [InlineData("""{ "accounts": [ { "uri": "sip:a@b", "srtp": "yes" } ] }""", "phone.json cannot be used: \"srtp\" of an account is \"yes\" (phone.json line 1); allowed: off, offer or require")]
    [InlineData("""{ "accounts": [ { "uri": "sip:a@b", "silence": "off" } ] }""", "phone.json cannot be used: \"silence\" of an account is \"off\" (phone.json line 1); allowed: auto, send or suppress")]
    [InlineData("""{ "tones": "xx" }""", "phone.json cannot be used: \"tones\" of the file is \"xx\" (phone.json line 1); allowed: off, or one of eu, au, br, ca, ch, de, es, fr, gb, in, it, jp, nl, se, us")]
    [InlineData("""{ "contacts": [ { "name": "Bob" } ] }""", "phone.json cannot be used: a contact has no \"name\" or no \"uri\" (phone.json line 1); allowed: \"name\" and \"uri\"")]
    [InlineData("""{ "accounts": [ { "uri": "sip:a@b" } ], "contacts": [ { "name": "Bob", "uri": "sip:b@b", "account": "sip:c@b" } ] }""", "phone.json cannot be used: the \"account\" of a contact is none (phone.json line 1); allowed: the \"uri\" of an account")]
    public void What_is_wrong_is_said_with_its_place(string json, string message)
    {
        var problem = Assert.Throws<CommandException>(() => Read(json));
        Assert.StartsWith(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, problem.Code);
    }

    [Fact]
    public void A_file_with_passwords_that_others_may_read_is_refused_and_one_without_is_not()
    {
        if (OperatingSystem.IsWindows()) return;
        string path = Path.Combine(_folder.FullName, "phone.json");
        File.WriteAllText(path, """{ "accounts": [ { "uri": "sip:a@b", "password": "p4ssw0rd" } ] }""");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var problem = Assert.Throws<CommandException>(() => PhoneFile.Read(path, new SipUserAgentOptions(), registers: true));
        Assert.Equal($"{path} has passwords in it, and others may read or change it: chmod 600 {path}", problem.Message);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("p4ssw0rd", PhoneFile.Read(path, new SipUserAgentOptions(), registers: true).Accounts[0].Agent.Password);
        File.WriteAllText(path, """{ "accounts": [ { "uri": "sip:a@b" } ] }""");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Single(PhoneFile.Read(path, new SipUserAgentOptions(), registers: false).Accounts);
    }

    [Theory]
    [InlineData("/c", "/home/a", "/c/parley/phone.json")]
    [InlineData("", "/home/a", "/home/a/.config/parley/phone.json")]
    [InlineData("relative", "/home/a", "/home/a/.config/parley/phone.json")]
    [InlineData("", "", null)]
    public void It_is_in_the_users_configuration_folder(string folder, string home, string? path)
    {
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(path, PhoneFile.DefaultPath(name => name == "HOME" ? home : name == "XDG_CONFIG_HOME" ? folder : null));
    }
}
