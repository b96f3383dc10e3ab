using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Output;
using Parley.Server.Accounts;
using Parley.Server.Voicemail;

namespace Parley.Commands;

/// <summary><c>parley voicemail</c>: what is in the mailboxes. Works on the data folder, whether a server uses it or not.</summary>
internal static class VoicemailCommand
{
    private static readonly TimeSpan LongestGreeting = TimeSpan.FromMinutes(2);

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("voicemail", "List, export and delete messages, and set what callers hear; a running server notices within a second");
        command.Add(List(runner));
        command.Add(Export(runner));
        command.Add(Delete(runner));
        command.Add(Greeting(runner));
        return command;
    }

    private static Command List(CommandRunner runner)
    {
        var command = new Command("list", "List the messages, the oldest first");
        var user = new Argument<string?>("NAME@DOMAIN") { Description = "Only those of this user", Arity = ArgumentArity.ZeroOrOne };
        var files = new ServerFiles(command);
        command.Add(user);
        runner.SetAction(command, (parse, output, _) =>
        {
            string? only = parse.GetValue(user) is { } name ? Parse(name) : null;
            using Mailboxes boxes = Open(files.Load(parse).DataFolder);
            int shown = 0;
            foreach (VoicemailMessage message in boxes.ListAll().Where(message => only is null || message.User == only))
            {
                shown++;
                output.Event("message",
                    ("id", message.Id), ("user", message.User), ("from", message.Caller), ("name", message.DisplayName), ("received", message.Received.ToString("O", CultureInfo.InvariantCulture)),
                    ("seconds", Math.Round(message.Duration.TotalSeconds, 1)), ("heard", message.IsHeard), ("file", boxes.Files.SoundOf(message)));
                if (output.IsJson) continue;
                string caller = message.DisplayName.Length > 0 ? $"{message.DisplayName} {message.Caller}" : message.Caller;
                output.Say(string.Create(CultureInfo.InvariantCulture, $"{message.Id}  {message.User}  from {caller}  {message.Duration.TotalSeconds:0.0} s  {(message.IsHeard ? "heard" : "new")}"));
            }

            if (shown == 0) output.Note("parley: there are no messages");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Export(CommandRunner runner)
    {
        var command = new Command("export", "Copy a message's sound to a file: Ogg Opus when its name ends in .opus or .ogg, else WAV");
        (Argument<string> id, Argument<string> file, ServerFiles files) = (Id(), new Argument<string>("FILE") { Description = "The file; one of this name is replaced" }, new ServerFiles(command));
        command.Add(id);
        command.Add(file);
        runner.SetAction(command, (parse, output, _) =>
        {
            string path = parse.GetRequiredValue(file);
            using Mailboxes boxes = Open(files.Load(parse).DataFolder);
            VoicemailMessage message = Find(boxes, parse.GetRequiredValue(id));
            ExportTo(path, boxes.Files.SoundOf(message));
            output.Event("exported", ("id", message.Id), ("file", path));
            output.Say($"{message.Id} is in {path}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Delete(CommandRunner runner)
    {
        var command = new Command("delete", "Delete a message");
        (Argument<string> id, ServerFiles files) = (Id(), new ServerFiles(command));
        command.Add(id);
        runner.SetAction(command, (parse, output, _) =>
        {
            using Mailboxes boxes = Open(files.Load(parse).DataFolder);
            VoicemailMessage message = Find(boxes, parse.GetRequiredValue(id));
            boxes.Files.Delete(message);
            boxes.Files.Touch();
            output.Event("deleted", ("id", message.Id));
            output.Say($"{message.Id} is deleted");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Greeting(CommandRunner runner)
    {
        var command = new Command("greeting", "Set what callers hear before they speak; without a file they hear three tones again");
        var user = new Argument<string>("NAME@DOMAIN") { Description = "The user" };
        var file = new Argument<string?>("FILE") { Description = "A file, WAV (16-bit PCM) or Ogg Opus, two minutes at most", Arity = ArgumentArity.ZeroOrOne };
        var files = new ServerFiles(command);
        command.Add(user);
        command.Add(file);
        runner.SetAction(command, (parse, output, _) =>
        {
            string name = Parse(parse.GetRequiredValue(user));
            string? path = parse.GetValue(file);
            var mailboxes = new MailboxFiles(files.Load(parse).DataFolder);
            string greeting = mailboxes.GreetingOf(name);
            if (path is null)
            {
                if (File.Exists(greeting)) File.Delete(greeting);
            }
            else
            {
                if (!AudioFile.TryRead(path, out PcmAudio? audio, out AudioFileError error)) throw CommandException.Failed($"{path} cannot be used: {error}");
                if (audio!.Duration > LongestGreeting) throw CommandException.Failed($"{path} is longer than two minutes");
                mailboxes.MakeFolder(name);
                AudioFile.Write(greeting + ".new", audio);      // a WAV in any case: it is played to whoever calls, on machines with libopus or without
                File.Move(greeting + ".new", greeting, overwrite: true);
            }

            output.Event("greeting", ("user", name), ("file", path is null ? null : greeting));
            output.Say(path is null ? $"callers of {name} hear tones" : $"callers of {name} hear {path}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static void ExportTo(string path, string sound)
    {
        if (!AudioFile.IsOpus(path))
        {
            File.Copy(sound, path, overwrite: true);
            return;
        }

        if (!AudioFile.TryRead(sound, out PcmAudio? audio, out AudioFileError error)) throw CommandException.Failed($"{sound} cannot be used: {error}");
        try
        {
            AudioFile.Write(path, audio!);
        }
        catch (IOException problem)
        {
            throw CommandException.Failed(problem.Message);
        }
    }

    private static Argument<string> Id() => new("ID") { Description = "The message, as parley voicemail list names it" };

    private static string Parse(string text) => AccountName.TryParse(text, out AccountName name, out string reason) ? name.ToString() : throw CommandException.Usage(reason);

    private static Mailboxes Open(string dataFolder)
    {
        var boxes = new Mailboxes(dataFolder, TimeProvider.System, NullLogger.Instance);
        boxes.Load(salvages: false);
        return boxes;
    }

    private static VoicemailMessage Find(Mailboxes boxes, string id) =>
        boxes.ListAll().FirstOrDefault(message => message.Id == id) ?? throw CommandException.Failed($"there is no message {id}");
}
