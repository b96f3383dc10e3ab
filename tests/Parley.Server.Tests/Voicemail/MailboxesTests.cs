using Microsoft.Extensions.Logging.Abstractions;
using Parley.Media.Files;
using Parley.Server.Configuration;
using Parley.Server.Voicemail;

namespace Parley.Server.Tests.Voicemail;

public sealed class MailboxesTests : IDisposable
{
    private const string Bob = "bob@example.com";

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-voicemail-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Messages_survive_a_restart_with_what_was_done_with_them()
    {
        using Mailboxes before = Open();
        VoicemailMessage first = Leave(before, Bob, 2), second = Leave(before, Bob, 3), third = Leave(before, "carol@example.com", 2);
        before.Keep(first);
        Assert.True(before.Delete(third));
        Assert.False(before.Delete(third));

        using Mailboxes after = Open();
        Assert.Equal((1, 1), after.CountOf(Bob));
        Assert.Equal([second.Id, first.Id], after.List(Bob).Select(message => message.Id));       // those not heard yet first
        Assert.Equal(before.ListAll(), after.ListAll());
        Assert.Equal(TimeSpan.FromSeconds(3), after.List(Bob)[0].Duration);
        Assert.Equal("sip:alice@example.com", after.List(Bob)[0].Caller);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(after.Files.Root));
    }

    [Fact]
    public void What_a_crash_cut_off_is_kept_and_what_is_too_short_is_not()
    {
        using (Mailboxes before = Open())
        {
            Write(before, before.Begin(Bob, "sip:alice@example.com", "Alice"), 1.5);
            Write(before, before.Begin(Bob, "sip:alice@example.com", ""), 0.5);
            before.Begin(Bob, "sip:alice@example.com", "");     // no sound yet
        }

        using (Mailboxes other = Open(salvages: false)) Assert.Empty(other.ListAll());     // another process does not touch what is being recorded
        using Mailboxes after = Open();
        Assert.Equal(TimeSpan.FromSeconds(1.5), Assert.Single(after.ListAll()).Duration);
        Assert.Equal(2, Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Files_that_are_none_of_ours_are_passed_over()
    {
        using Mailboxes before = Open();
        VoicemailMessage message = Leave(before, Bob, 2);
        string folder = Path.GetDirectoryName(before.Files.SoundOf(message))!;
        foreach (string json in (string[])["", "{", "[]", "{\"to\":1}", "{\"to\":\"eve@example.com\"}"]) File.WriteAllText(Path.Combine(folder, $"x{json.Length}.json"), json);
        File.Copy(Path.Combine(folder, message.Id + ".json"), Path.Combine(folder, "other.json"));      // sound without
        Directory.CreateDirectory(Path.Combine(_folder, "voicemail", "elsewhere"));
        File.Copy(Path.Combine(folder, message.Id + ".json"), Path.Combine(_folder, "voicemail", "elsewhere", message.Id + ".json"));       // not where it belongs
        using Mailboxes after = Open();
        Assert.Equal([message.Id], after.ListAll().Select(one => one.Id));
    }

    [Theory]
    [InlineData("bob@example.com", "example.com/bob")]
    [InlineData("../../etc@example.com", null)]
    [InlineData("..@example.com", null)]
    [InlineData("a/b@example.com", "example.com/a%2Fb")]
    [InlineData("*97@example.com", "example.com/%2A97")]
    public void A_user_s_name_leads_to_no_other_folder(string user, string? folder)
    {
        using Mailboxes boxes = Open();
        string path = Path.GetDirectoryName(boxes.Files.GreetingOf(user))!;
        string root = Path.Combine(_folder, "voicemail");
        Assert.StartsWith(root + "/example.com/", Path.GetFullPath(path) + "/", StringComparison.Ordinal);
        Assert.Equal(3, path[(_folder.Length + 1)..].Split('/').Length);
        if (folder is not null) Assert.Equal(Path.Combine(root, folder), path);
        Assert.Equal(user, Leave(boxes, user, 2).User);
        using Mailboxes after = Open();
        Assert.Equal((1, 0), after.CountOf(user));
    }

    [Fact]
    public void A_long_name_has_a_folder_too()
    {
        using Mailboxes boxes = Open();
        string user = new string('ü', 60) + "@example.com";
        Leave(boxes, user, 2);
        using Mailboxes after = Open();
        Assert.Equal((1, 0), after.CountOf(user));
    }

    [Fact]
    public void Room_is_kept_while_messages_are_recorded()
    {
        using Mailboxes boxes = Open();
        VoicemailOptions limits = new() { MaxPerUser = 2, MaxMegabytes = 1 };
        Assert.True(boxes.TryReserve(Bob, limits, 400_000));
        Assert.True(boxes.TryReserve(Bob, limits, 400_000));
        Assert.False(boxes.TryReserve(Bob, limits, 1));                         // two of his
        Assert.False(boxes.TryReserve("carol@example.com", limits, 400_000));    // more than a megabyte
        Assert.True(boxes.TryReserve("carol@example.com", limits, 200_000));
        boxes.Release(Bob, 400_000);
        Leave(boxes, Bob, 2);
        Assert.False(boxes.TryReserve(Bob, limits, 1));
    }

    [Fact]
    public void What_another_process_does_is_noticed()
    {
        using Mailboxes server = Open();
        VoicemailMessage message = Leave(server, Bob, 2);
        List<string> changed = [];
        server.Changed = changed.Add;
        server.Poll();
        Assert.Empty(changed);
        using (Mailboxes other = Open(salvages: false))
        {
            Assert.True(other.Delete(message));
            other.Files.Touch();
        }

        server.Poll();
        Assert.Equal([Bob], changed);
        Assert.Equal((0, 0), server.CountOf(Bob));
    }

    private Mailboxes Open(bool salvages = true)
    {
        var boxes = new Mailboxes(_folder, TimeProvider.System, NullLogger.Instance);
        boxes.Load(salvages);
        return boxes;
    }

    private static VoicemailMessage Leave(Mailboxes boxes, string user, double seconds)
    {
        VoicemailMessage message = boxes.Begin(user, "sip:alice@example.com", "Alice");
        Write(boxes, message, seconds);
        Assert.True(boxes.Complete(message));
        return boxes.List(user).Single(one => one.Id == message.Id);
    }

    private static void Write(Mailboxes boxes, VoicemailMessage message, double seconds)
    {
        using var file = new FileStream(boxes.Files.SoundOf(message), FileMode.Create);
        using var writer = new WavWriter(file, 8000);
        writer.Write(new short[(int)(8000 * seconds)]);
    }
}
