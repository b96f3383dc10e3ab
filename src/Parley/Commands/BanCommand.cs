using System.CommandLine;
using System.Globalization;
using Parley.Core;
using Parley.Output;
using Parley.Server.Protection;

namespace Parley.Commands;

/// <summary><c>parley ban</c>: who is shut out for wrong passwords. Works on the data folder, whether a server uses it or not.</summary>
internal static class BanCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("ban", "List and lift the bans of those who failed to authenticate too often; a running server notices within a second");
        command.Add(List(runner));
        command.Add(Lift(runner));
        return command;
    }

    private static Command List(CommandRunner runner)
    {
        var command = new Command("list", "List the bans that stand");
        var files = new ServerFiles(command);
        runner.SetAction(command, (parse, output, _) =>
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using var store = new BanStore(files.Load(parse).DataFolder);
            IReadOnlyList<Ban> bans = store.List(now);
            foreach (Ban ban in bans)
            {
                int seconds = (int)Math.Ceiling((ban.Until - now).TotalSeconds);
                output.Event("ban", ("source", ban.ShownSource), ("user", ban.User), ("failures", ban.Failures), ("times", ban.Times), ("seconds", seconds));
                if (!output.IsJson) output.Say(string.Create(CultureInfo.InvariantCulture, $"{ban.ShownSource} {(ban.User.Length > 0 ? ban.User : "(everybody)")} for {seconds} s more, after {ban.Failures} wrong passwords"));
            }

            if (bans.Count == 0) output.Note("parley: nobody is banned");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Lift(CommandRunner runner)
    {
        var command = new Command("lift", "Lift all bans of an address");
        var address = new Argument<string>("ADDRESS") { Description = "The address, such as 192.0.2.1 or 2001:db8::1, which stands for its /64" };
        var files = new ServerFiles(command);
        command.Add(address);
        runner.SetAction(command, (parse, output, _) =>
        {
            string text = parse.GetRequiredValue(address);
            if (!NetworkAddress.TryParseHost(text.EndsWith("/64", StringComparison.Ordinal) ? text[..^3] : text, 0, out NetworkAddress source)) throw CommandException.Usage($"{text} is no IP address");
            using var store = new BanStore(files.Load(parse).DataFolder);
            int lifted = store.Lift(source, TimeProvider.System.GetUtcNow());
            if (lifted == 0) throw CommandException.Failed($"{text} is not banned");
            output.Event("lifted", ("source", text), ("count", lifted));
            output.Say(string.Create(CultureInfo.InvariantCulture, $"{text} is heard again ({lifted} lifted)"));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
