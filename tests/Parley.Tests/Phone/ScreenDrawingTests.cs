using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Tests.Phone;

/// <summary>What the screen looks like, line by line.</summary>
public sealed class ScreenDrawingTests
{
    /// <summary>Compared as one text, which says more when it differs.</summary>
    private static void AssertLines(IEnumerable<string> expected, IEnumerable<string> lines) => Assert.Equal(string.Join('\n', expected), string.Join('\n', lines));

    private static string Rule(string start, int width) => start + new string('─', width - start.Length);

    private static ShownPhone Busy(int width, int height)
    {
        ShownPhone phone = new ShownPhone(width: width, height: height).After(
            Phones.Registered(0), new RegistrationChanged(1, RegistrationState.Unregistered, Failure: new RegistrationFailure(403, "Forbidden", null)),
            new PresenceKnown(0, true, "on the phone"), new LampKnown(0, Lamp.Busy), new PresenceKnown(1, false, ""), new MessagesWait(0, true, 2),
            Phones.Went(1), Phones.Answered(1, "PCMA"), new HoldChanged(1, true), Phones.Came(2, Phones.Carol, "Carol"), Phones.Answered(2), new DigitsSent(2, "12#"), Phones.Quality(2, 990, 10, 2.14, 12.2));
        phone.State.Choose(phone.State.Find(2)!);
        phone.Seconds = 3723;
        return phone;
    }

    [Fact]
    public void A_phone_with_two_calls_and_contacts()
    {
        AssertLines(
            [
                " Parley  2 voice messages                                                 11:02",
                " * alice@example.com  registered",
                "   alice@work.example  not registered: the user name or the password is wrong …",
                Rule("── Calls ", 80),
                "   1  on hold        to Bob <bob@example.com>                     PCMA  1:02:03",
                " > 2  talking        from Carol <carol@example.com>               PCMU  1:02:03",
                "      loss 1.0 %  jitter 2.1 ms  round trip 12 ms  keys 12#  by alice@example.…",
                Rule("──[Contacts] Messages  Missed  Log ", 80),
                "   Bob                  in a call  on the phone                 bob@example.com",
                "   Zoë 日本             closed                                 zoe@work.example",
                "", "", "", "", "", "", "", "",
                " in a call with Carol",
                " h hold  t transfer  c connect  x hang up  0-9*# keys  d dial  Tab next  ? help",
            ],
            Busy(80, 20).Lines);
    }

    [Fact]
    public void The_smallest_screen_shows_the_same_in_fewer_words()
    {
        ShownPhone phone = Busy(40, 12);
        AssertLines(
            [
                " Parley  2 voice messages         11:02",
                " * alice@example.com  registered (1 of…",
                Rule("── Calls ", 40),
                "   1  on hold        to Bob     1:02:03",
                " > 2  talking        from Carol 1:02:03",
                "      loss 1.0 %  jitter 2.1 ms  round…",
                Rule("──[Contacts] Messages  Missed  Log ", 40),
                "   Bob          in a call  on the phone",
                "   Zoë 日本     closed",
                "",
                " in a call with Carol",
                " h hold  t transfer  c connect   ? help",
            ],
            phone.Lines);
    }

    [Fact]
    public void A_smaller_one_says_so()
    {
        Assert.Equal(["Too small: 39 x 12. The phone needs 40", "x 12."], new ShownPhone(width: 39, height: 12).Lines.Take(2));
        Assert.StartsWith("Too small: 80 x 11.", new ShownPhone(height: 11).Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_that_comes_in_says_what_to_press()
    {
        ShownPhone phone = new ShownPhone(height: 14).After(Phones.Came(1, "sip:+15550100@gw.example"));
        Assert.Equal(" > 1  rings here     from +15550100@gw.example", phone.Lines[3]);
        AssertLines(["+15550100@gw.example calls alice@example.com", "Enter answer  x refuse  d dial  m message  Tab next  s account  q quit  ? help"], [phone.Bottom.Status, phone.Bottom.Keys]);
    }

    [Fact]
    public void Many_calls_scroll_to_the_chosen_one()
    {
        var phone = new ShownPhone(width: 60, height: 12);
        for (int call = 1; call <= 8; call++) phone.After(Phones.Went(call, $"sip:u{call}@example.com"));
        Assert.Equal(["   7  calling        to u7@example.com", " > 8  calling        to u8@example.com"], phone.Lines.Skip(3).Take(2));
        for (int i = 0; i < 7; i++) phone.Press(KeyName.Up);
        Assert.Equal(" > 1  calling        to u1@example.com", phone.Lines[3]);
    }

    [Fact]
    public void A_thread_is_shown_from_its_end_and_scrolled()
    {
        var phone = new ShownPhone(width: 50, height: 14);
        for (int i = 1; i <= 8; i++) phone.After(new TextCame(0, Phones.Carol, "Carol", $"text {i}"));
        phone.After(new TextWent(0, 1, Phones.Carol, "this is longer than what the narrow screen has room for"), new TextAnswered(1, 202, null));
        phone.Press(KeyName.Tab);
        phone.Press(KeyName.Enter);
        AssertLines(
            ["   texts with Carol <carol@example.com>", "   10:00  Carol: text 6", "   10:00  Carol: text 7", "   10:00  Carol: text 8", "   10:00  you: this is longer than what the", "          narrow screen has room for (kept by the", "          server for later)"],
            phone.Lines.Skip(5).Take(7));
        for (int i = 0; i < 50; i++) phone.Press(KeyName.Up);
        Assert.Equal("   10:00  Carol: text 1", phone.Lines[6]);
        phone.Press(KeyName.PageDown);
        Assert.Equal("          server for later)", phone.Lines[11]);
    }

    [Fact]
    public void Names_and_texts_of_strangers_cannot_reach_the_terminal()
    {
        var phone = new ShownPhone();
        phone.After(
            Phones.Came(1, "sip:x@y", "\e[2JEvil\u202E\u009B31m\a"), new CallTold(1, new CallTransferring(new TransferProgress(180, "\e]52;c;aGk=\a"))), new TextCame(0, "sip:\e[H@x", "\e[5m", "\e[?1049l\r\n\e[31m"),
            Phones.Over(1, CallEndReason.Refused, 499, "\e[2J"), new PresenceKnown(0, true, "\e[1;1H"));
        phone.Press(KeyName.Tab);
        string rest = phone.Written;
        foreach (string own in new[] { "\e[0m", "\e[2J", "\e[?25h", "\e[?25l", "\a" }) rest = rest.Replace(own, "", StringComparison.Ordinal);
        Assert.Contains("\uFFFD[2JEvil\uFFFD\uFFFD31m\uFFFD", string.Join('\n', phone.Lines.Concat(phone.State.Missed.Select(missed => string.Concat(TerminalText.Printable(missed.Name))))), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[31m", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("\e]", rest, StringComparison.Ordinal);
        Assert.DoesNotContain('\u009B', rest);
        Assert.DoesNotContain('\r', rest);
    }

    [Fact]
    public void A_second_later_only_the_clock_of_the_call_is_written()
    {
        var phone = new ShownPhone();
        phone.After(Phones.Went(1), Phones.Answered(1));
        phone.Tick();
        int before = phone.Written.Length;
        phone.Seconds = 1;
        phone.Tick();
        string written = phone.Written[before..];
        Assert.Contains('1', written);
        Assert.True(written.Length < 40, written);
    }
}
