using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Server.Storage;

namespace Parley.Server.Voicemail;

/// <summary>Messages on disk: in the data folder <c>voicemail/DOMAIN/USER/</c>, each a WAV file with a JSON file that says whose it is and from whom.</summary>
/// <remarks>
/// The JSON file is there before the sound, without a duration; a recording that a crash has cut off is found by that, and kept as far as it came. It is
/// replaced as a whole. <c>greeting.wav</c> in a user's folder is what callers hear. Everything here waits for the disk.
/// </remarks>
internal sealed class MailboxFiles(string dataFolder)
{
    private const int LongestName = 120;        // characters of a folder's name; what would be longer is named by its hash
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>The folder of all.</summary>
    public string Root { get; } = Path.Combine(dataFolder, "voicemail");

    /// <summary>The file that callers of a user hear, if it is there.</summary>
    public string GreetingOf(string user) => Path.Combine(FolderOf(user), "greeting.wav");

    /// <summary>The file of a message's sound.</summary>
    public string SoundOf(VoicemailMessage message) => Path.Combine(FolderOf(message.User), message.Id + ".wav");

    /// <summary>The file that is touched when another process has changed something.</summary>
    private string Mark => Path.Combine(Root, "changed");

    /// <summary>When another process has changed something last.</summary>
    public DateTime ChangedAt => File.GetLastWriteTimeUtc(Mark);

    /// <summary>Makes the folder of a user, into which nobody but the server's own account of the machine may look.</summary>
    public void MakeFolder(string user)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Root);
        else Directory.CreateDirectory(Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(FolderOf(user));
    }

    /// <summary>Tells a running server that something has changed.</summary>
    public void Touch()
    {
        File.WriteAllText(Mark, "");
    }

    /// <summary>Reads all messages.</summary>
    /// <param name="salvages">Makes messages of recordings that were cut off, or deletes what is too short; not while a server records.</param>
    public IEnumerable<VoicemailMessage> ReadAll(bool salvages)
    {
        if (!Directory.Exists(Root)) yield break;
        foreach (string file in Directory.EnumerateFiles(Root, "*.json", SearchOption.AllDirectories))
        {
            if (TryRead(file) is not { } message || Path.GetFileNameWithoutExtension(file) != message.Id || Path.GetDirectoryName(file) != FolderOf(message.User)) continue;
            if (message.Duration == TimeSpan.Zero && salvages && Complete(message) is { } saved) yield return saved;
            else if (message.Duration > TimeSpan.Zero && File.Exists(SoundOf(message))) yield return message;
        }
    }

    /// <summary>Begins a message.</summary>
    public void Begin(VoicemailMessage message)
    {
        MakeFolder(message.User);
        Write(message);
    }

    /// <summary>The sound of a message is written: what is too short to be one is deleted.</summary>
    /// <returns>The message; null when there is none.</returns>
    public VoicemailMessage? Complete(VoicemailMessage message)
    {
        string sound = SoundOf(message);
        if (!AudioFile.TryRead(sound, out PcmAudio? audio, out _) || audio!.Duration < Shortest)
        {
            Delete(message);
            return null;
        }

        VoicemailMessage complete = message with { Duration = audio.Duration, LengthBytes = new FileInfo(sound).Length };
        Write(complete);
        return complete;
    }

    /// <summary>Writes what is known of a message.</summary>
    public void Write(VoicemailMessage message)
    {
        string path = Path.Combine(FolderOf(message.User), message.Id + ".json"), unfinished = path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
        {
            using (var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true }))
            {
                json.WriteStartObject();
                json.WriteString("to", message.User);
                json.WriteString("from", message.Caller);
                json.WriteString("name", message.DisplayName);
                json.WriteString("received", message.Received);
                json.WriteNumber("milliseconds", (long)message.Duration.TotalMilliseconds);
                json.WriteNumber("bytes", message.LengthBytes);
                json.WriteBoolean("heard", message.IsHeard);
                json.WriteEndObject();
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Deletes a message.</summary>
    public void Delete(VoicemailMessage message)
    {
        string folder = FolderOf(message.User);
        File.Delete(Path.Combine(folder, message.Id + ".json"));
        File.Delete(Path.Combine(folder, message.Id + ".wav"));
    }

    /// <summary>What is in a message's JSON file.</summary>
    /// <returns>Null when it cannot be read: it is passed over.</returns>
    private static VoicemailMessage? TryRead(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = document.RootElement;
            return new VoicemailMessage(
                Path.GetFileNameWithoutExtension(file), root.GetProperty("to").GetString()!, root.GetProperty("from").GetString()!, root.GetProperty("name").GetString()!, root.GetProperty("received").GetDateTimeOffset())
            {
                Duration = TimeSpan.FromMilliseconds(root.GetProperty("milliseconds").GetInt64()),
                LengthBytes = root.GetProperty("bytes").GetInt64(),
                IsHeard = root.GetProperty("heard").GetBoolean(),
            };
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException or FormatException || FileFault.Is(problem))
        {
            return null;
        }
    }

    private string FolderOf(string user)
    {
        int at = user.LastIndexOf('@');
        return Path.Combine(Root, NameOf(user[(at + 1)..]), NameOf(user[..at]));
    }

    /// <summary>A folder's name that says whose it is, and cannot lead elsewhere.</summary>
    private static string NameOf(string text)
    {
        string name = Uri.EscapeDataString(text).Replace(".", "%2E", StringComparison.Ordinal);
        if (name.EndsWith("%2E", StringComparison.Ordinal) || name.StartsWith("%2E", StringComparison.Ordinal) || name.Length > LongestName) return "sha256-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return name.Replace("%2E", ".", StringComparison.Ordinal);
    }
}
