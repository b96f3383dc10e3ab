using System.CommandLine;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Output;
using Parley.Phone;
using Parley.Phone.Desk;
using Parley.Phone.Lines;
using Parley.Phone.Screen;
using Parley.Phone.Settings;
using Parley.Phone.Sound;
using Parley.Phone.Sound.Devices;
using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary><c>parley phone</c>: a phone that fills the terminal, or is driven by lines.</summary>
internal static class PhoneCommand
{
    private static readonly TimeSpan NoticeableTime = TimeSpan.FromSeconds(1);

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("phone",
            "A phone on the whole terminal: several accounts and calls, hold, transfer, keys, texts, others' presence, call quality. ? shows the keys.\n\n"
            + "  parley phone --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060\n"
            + "  parley phone                 with the accounts and contacts of ~/.config/parley/phone.json (docs/phone.md)\n"
            + "  parley phone --lines         commands are lines of standard input (help shows them), what happens is told in words: for screen readers\n"
            + "  parley phone --json          the same for programs: what happens comes as JSON lines\n\n"
            + "  parley phone --devices       shows the microphones and loudspeakers\n\n"
            + "Calls have the microphone and the loudspeaker; without them, or with --play or --echo, they play a file, or silence, or send back what they hear.");
        var phone = new PhoneOptions(command);
        var files = new CallFiles(command);
        var accounts = new Option<string?>("--accounts") { Description = "The file of accounts and contacts (~/.config/parley/phone.json); with --as its accounts are taken only when it is named", HelpName = "FILE" };
        var noRegister = new Option<bool>("--no-register") { Description = "Register no account: calls go out, and come in only to this phone's address" };
        var echo = new Option<bool>("--echo") { Description = "Send back what is heard" };
        var microphone = new Option<string?>("--microphone") { Description = "Where what is said comes from: a device of ALSA (default)", HelpName = "DEVICE" };
        var speaker = new Option<string?>("--speaker") { Description = "Where what is heard goes to (default)", HelpName = "DEVICE" };
        var tones = new Option<string?>("--tones") { Description = $"The country whose tones tell how a call goes ({TonePlan.European.Code}): {Parsing.TonePlans}", HelpName = "COUNTRY" };
        var devices = new Option<bool>("--devices") { Description = "Show the devices by name, and end" };
        var noBell = new Option<bool>("--no-bell") { Description = "Do not ring the terminal's bell" };
        var lines = new Option<bool>("--lines") { Description = "No screen: commands are lines of standard input, what happens is told in words" };
        foreach (Option option in new Option[] { accounts, noRegister, microphone, speaker, tones, devices, echo, noBell, lines }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            if (parse.GetValue(devices)) return ShowDevices(output);
            if (parse.GetValue(echo) && files.HasPlay(parse)) throw CommandException.Usage("--echo and --play do not go together");
            bool isScreen = !output.IsJson && !parse.GetValue(lines);
            if (isScreen && TerminalSession.WhyNot() is { } reason) throw CommandException.Usage($"{reason}; use --lines for commands by lines, or --json for programs");
            if (isScreen && phone.IsTraced(parse)) throw CommandException.Usage("--trace needs --lines or --json: the screen has no room for it");
            PcmAudio? play = files.ReadPlay(parse);
            await using ConsoleTrace? trace = phone.IsTraced(parse) ? new ConsoleTrace(output, TimeProvider.System) : null;
            PhoneSettings settings = ReadSettings(parse, phone, phone.Read(parse, trace), parse.GetValue(accounts), !parse.GetValue(noRegister));
            settings = settings with { Sound = settings.Sound with { Microphone = parse.GetValue(microphone) ?? settings.Sound.Microphone, Speaker = parse.GetValue(speaker) ?? settings.Sound.Speaker } };
            if (parse.GetValue(tones) is { } country)
            {
                if (!Parsing.TryReadTones(country, out TonePlan? plan)) throw CommandException.Usage($"--tones: '{country}' is not allowed; allowed is {Parsing.TonePlans}");
                settings = settings with { Sound = settings.Sound with { Tones = plan } };
            }

            IPhoneSound sound = play is not null || parse.GetValue(echo)
                ? new FileSound(play, parse.GetValue(echo), files.HasRecordTone(parse), number => files.OpenRecord(parse, number))
                : OpenDevices(settings.Sound, number => files.OpenRecord(parse, number));
            using var closing = sound as IDisposable;
            if (await RunAsync(settings with { HasBell = settings.HasBell && !parse.GetValue(noBell) }, sound, isScreen, output, cancellationToken).ConfigureAwait(false)) return ExitCode.Done;
            output.Event("interrupted");
            return ExitCode.Interrupted;
        });
        return command;
    }

    /// <summary>The devices, or files where they cannot be used.</summary>
    private static IPhoneSound OpenDevices(SoundSettings settings, Func<int, AudioRecorder?> openRecord)
    {
        var devices = new DeviceSound(settings, openRecord);
        try
        {
            devices.Try();
            return devices;
        }
        catch (CommandException problem)
        {
            devices.Dispose();
            return new FileSound(play: null, echoes: false, hasRecordTone: false, openRecord, problem.Message);
        }
    }

    private static int ShowDevices(CommandOutput output)
    {
        foreach (SoundDeviceName device in AlsaNames.List())
        {
            output.Event("device", ("name", device.Name), ("words", device.Words), ("microphone", device.HasMicrophone), ("speaker", device.HasSpeaker));
            output.Say($"{device.Name}{(device.HasMicrophone && device.HasSpeaker ? "" : device.HasMicrophone ? " (microphone)" : " (loudspeaker)")}{(device.Words.Length > 0 ? $": {device.Words}" : "")}");
        }

        return ExitCode.Done;
    }

    /// <summary>The account of the command line comes first; contacts come from the file in any case.</summary>
    private static PhoneSettings ReadSettings(ParseResult parse, PhoneOptions phone, SipUserAgentOptions named, string? path, bool registers)
    {
        bool isNamed = path is not null;
        path ??= PhoneFile.DefaultPath(Environment.GetEnvironmentVariable);
        bool hasIdentity = phone.HasIdentity(parse);
        var common = named with { Identity = null, Password = null, UserName = null, Instance = null, Push = null };
        if (hasIdentity) common = common with { OutboundProxy = null, Listen = PhoneOptions.ListenOn(null) };
        PhoneSettings settings = path is not null && (isNamed || File.Exists(path)) ? PhoneFile.Read(path, common, registers) : new PhoneSettings([], []);
        if (!hasIdentity) return settings.Accounts.Count > 0 ? settings : settings with { Accounts = [new AccountSettings(named, Registers: false)] };
        AccountSettings first = new(named, registers);
        // An account of the file keeps its contacts, at its place behind the first one.
        return isNamed
            ? settings with { Accounts = [first, .. settings.Accounts], Contacts = [.. settings.Contacts.Select(contact => contact with { Account = contact.Account + (settings.Accounts.Count > 0 ? 1 : 0) })] }
            : settings with { Accounts = [first], Contacts = [.. settings.Contacts.Select(contact => contact with { Account = 0 })] };
    }

    /// <returns>False when it was interrupted.</returns>
    private static async Task<bool> RunAsync(PhoneSettings settings, IPhoneSound sound, bool isScreen, CommandOutput output, CancellationToken cancellationToken)
    {
        var state = new PhoneState(
            settings.Accounts.Select(account => new PhoneAccount(account.Agent.Identity, account.Registers)), settings.Contacts.Select(contact => new PhoneContact(contact.Name, contact.Uri, contact.Account)));
        try
        {
            await using PhoneDesk desk = await PhoneDesk.StartAsync(settings, sound).ConfigureAwait(false);
            if (isScreen) return await OnScreenAsync(desk, state, settings, sound, output, cancellationToken).ConfigureAwait(false);
            output.Note(sound.Words);
            LineInput.Start(desk);
            return await PhoneRun.RunAsync(desk, state, new LineFront(state, output), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException problem)
        {
            throw CommandException.Usage(problem.Message);
        }
    }

    private static async Task<bool> OnScreenAsync(PhoneDesk desk, PhoneState state, PhoneSettings settings, IPhoneSound sound, CommandOutput output, CancellationToken cancellationToken)
    {
        using TerminalSession terminal = TerminalSession.Enter(desk);
        await using CancellationTokenRegistration leaving = cancellationToken.Register(terminal.Leave);
        var front = new ScreenFront(state, new PhoneScreen(state, settings.HasBell, sound.Words), new ScreenWriter(TerminalAbilities.Of(Environment.GetEnvironmentVariable)), terminal);
        Task<bool> running = PhoneRun.RunAsync(desk, state, front, TimeProvider.System, cancellationToken);
        await Task.WhenAny(running, terminal.Left).ConfigureAwait(false);
        if (await Task.WhenAny(running, Task.Delay(NoticeableTime, TimeProvider.System, CancellationToken.None)).ConfigureAwait(false) != running)
        {
            output.Note("parley: waiting for the other sides to confirm the end; Ctrl-C once more ends it at once");
        }

        return await running.ConfigureAwait(false);
    }
}
