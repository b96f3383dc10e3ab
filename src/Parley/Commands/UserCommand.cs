using System.CommandLine;
using Parley.Output;
using Parley.Server.Accounts;
using Parley.Server.Configuration;

namespace Parley.Commands;

/// <summary><c>parley user</c>: who may register and call. Works on the data folder, whether a server uses it or not.</summary>
internal static class UserCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("user", "Add, change, list and remove the users of a server; a running server notices at once");
        command.Add(Add(runner));
        command.Add(SetPassword(runner));
        command.Add(Remove(runner));
        command.Add(List(runner));
        command.Add(Import(runner));
        return command;
    }

    private static Command Add(CommandRunner runner)
    {
        var command = new Command("add", "Add a user");
        (Argument<string> name, Option<string?> password, ServerFiles files) = (Name(), Password(), new ServerFiles(command));
        command.Add(name);
        command.Add(password);
        runner.SetAction(command, (parse, output, _) =>
        {
            AccountName account = Parse(parse.GetRequiredValue(name));
            ParleyConfiguration configuration = files.Load(parse);
            using AccountStore store = Open(configuration);
            AccountResult result = store.Add(account, configuration.RealmOf(account.Domain), ReadPassword(parse.GetValue(password), output));
            if (result == AccountResult.AlreadyExists) throw CommandException.Failed($"{account} is there already; parley user passwd changes the password");
            Done(output, "added", account, configuration);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command SetPassword(CommandRunner runner)
    {
        var command = new Command("passwd", "Change a user's password");
        (Argument<string> name, Option<string?> password, ServerFiles files) = (Name(), Password(), new ServerFiles(command));
        command.Add(name);
        command.Add(password);
        runner.SetAction(command, (parse, output, _) =>
        {
            AccountName account = Parse(parse.GetRequiredValue(name));
            ParleyConfiguration configuration = files.Load(parse);
            using AccountStore store = Open(configuration);
            AccountResult result = store.SetPassword(account, configuration.RealmOf(account.Domain), ReadPassword(parse.GetValue(password), output));
            if (result == AccountResult.NotFound) throw NotThere(account);
            Done(output, "changed", account, configuration);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Remove(CommandRunner runner)
    {
        var command = new Command("remove", "Remove a user");
        (Argument<string> name, ServerFiles files) = (Name(), new ServerFiles(command));
        command.Add(name);
        runner.SetAction(command, (parse, output, _) =>
        {
            AccountName account = Parse(parse.GetRequiredValue(name));
            ParleyConfiguration configuration = files.Load(parse);
            using AccountStore store = Open(configuration);
            if (store.Remove(account) == AccountResult.NotFound) throw NotThere(account);
            Done(output, "removed", account, configuration);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command List(CommandRunner runner)
    {
        var command = new Command("list", "List the users");
        var domain = new Option<string?>("--domain") { Description = "Only those of this domain", HelpName = "DOMAIN" };
        var files = new ServerFiles(command);
        command.Add(domain);
        runner.SetAction(command, (parse, output, _) =>
        {
            using AccountStore store = Open(files.Load(parse));
            IReadOnlyList<AccountListing> accounts = store.List(parse.GetValue(domain));
            foreach (AccountListing account in accounts)
            {
                output.Event("user", ("name", account.Name.ToString()), ("realm", account.Realm));
                if (!output.IsJson) output.Say(account.Name.ToString());
            }

            if (accounts.Count == 0) output.Note("parley: no users; parley user add NAME@DOMAIN adds one");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Command Import(CommandRunner runner)
    {
        var command = new Command("import", "Add or change many users: all of the file's, or on any error none");
        var file = new Argument<string>("FILE") { Description = "Lines of name,password; - for standard input" };
        var domain = new Option<string>("--domain") { Description = "The users' domain", HelpName = "DOMAIN", Required = true };
        var files = new ServerFiles(command);
        command.Add(file);
        command.Add(domain);
        runner.SetAction(command, (parse, output, _) =>
        {
            string path = parse.GetRequiredValue(file);
            if (!AccountName.TryCheckDomain(parse.GetRequiredValue(domain), out string canonical, out string reason)) throw CommandException.Usage(reason);
            using TextReader lines = OpenLines(path);
            ParleyConfiguration configuration = files.Load(parse);
            using AccountStore store = Open(configuration);
            long start = TimeProvider.System.GetTimestamp();
            AccountImport import = store.Import(lines, canonical, configuration.RealmOf(canonical));
            if (import.ErrorCount > 0)
            {
                foreach (AccountImportError error in import.Errors)
                {
                    output.Event("error", ("line", error.Line), ("reason", error.Reason));
                    output.Note($"parley: {path} line {error.Line}: {error.Reason}");
                }

                throw CommandException.Failed($"nothing was imported: {import.ErrorCount} of the lines are not right");
            }

            TimeSpan taken = TimeProvider.System.GetElapsedTime(start);
            output.Event("imported", ("count", import.Count), ("seconds", taken.TotalSeconds));
            output.Say($"{import.Count} users of {canonical} imported in {taken.TotalSeconds:0.0} s");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME@DOMAIN") { Description = "The user, such as alice@example.com" };

    private static Option<string?> Password() => new("--password") { Description = "The password; asked for when absent", HelpName = "P" };

    private static AccountName Parse(string text) =>
        AccountName.TryParse(text, out AccountName name, out string reason) ? name : throw CommandException.Usage(reason);

    private static AccountStore Open(ParleyConfiguration configuration) => new(configuration.DataFolder);

    private static TextReader OpenLines(string path)
    {
        if (path == "-") return Console.In;
        if (Directory.Exists(path)) throw CommandException.Failed($"{path} is a folder");
        if (!File.Exists(path)) throw CommandException.Failed($"there is no file {path}");
        return new StreamReader(path);
    }

    private static string ReadPassword(string? given, CommandOutput output)
    {
        if (given is not null) return given.Length > 0 ? given : throw CommandException.Usage("the password is empty");
        if (Console.IsInputRedirected)
        {
            string? line = Console.In.ReadLine();
            return string.IsNullOrEmpty(line) ? throw CommandException.Usage("give the password by --password or on standard input") : line;
        }

        output.Note("Password:");
        var password = new System.Text.StringBuilder();
        for (ConsoleKeyInfo key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace) password.Length = Math.Max(0, password.Length - 1);
            else if (!char.IsControl(key.KeyChar)) password.Append(key.KeyChar);
        }

        return password.Length > 0 ? password.ToString() : throw CommandException.Usage("the password is empty");
    }

    private static void Done(CommandOutput output, string what, AccountName account, ParleyConfiguration configuration)
    {
        output.Event(what, ("name", account.ToString()));
        output.Say($"{account} {what}");
        if (configuration.FindDomain(System.Text.Encoding.UTF8.GetBytes(account.Domain)) is null)
        {
            output.Note($"parley: note that a server with this configuration is not responsible for {account.Domain}; start it with --domain {account.Domain}");
        }
    }

    private static CommandException NotThere(AccountName account) => CommandException.Failed($"there is no user {account}");
}
