using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Tests.Phone;

/// <summary>What keys do on the screen, in what is there when they are pressed.</summary>
public sealed class ScreenKeysTests
{
    private static readonly SipUri Bob = SipUri.Parse(Phones.Bob);

    private static ShownPhone Talking() => new ShownPhone().After(Phones.Went(1), Phones.Answered(1));

    private static ShownPhone TwoCalls() => Talking().After(Phones.Came(2, Phones.Carol), new HoldChanged(1, true), Phones.Answered(2));

    public static TheoryData<string, string, string> OneKey => new()
    {
        // what is there, the keys, the intent
        { "nothing", "q", new Quit().ToString() },
        { "nothing", "r", new RegisterAgain(0).ToString() },
        { "nothing", "p", "" },
        { "nothing", "h", "" },
        { "nothing", "x", "" },
        { "calling", "x", new HangUp(1).ToString() },
        { "calling", "h", "" },
        { "calling", "\r", "" },
        { "ringing", "\r", new Answer(1).ToString() },
        { "ringing", "a", new Answer(1).ToString() },
        { "ringing", "x", new Refuse(1, 486).ToString() },
        { "talking", "h", new Hold(1).ToString() },
        { "talking", "7", new SendDigits(1, "7").ToString() },
        { "talking", "#", new SendDigits(1, "#").ToString() },
        { "talking", "x", new HangUp(1).ToString() },
        { "holding", "h", new Resume(1).ToString() },
        { "holding", "\r", new Resume(1).ToString() },
        { "holding", "7", "" },
        { "waiting", "\r", new Answer(2).ToString() },
        { "waiting", "a", new Answer(2).ToString() },
        { "waiting", "x", new HangUp(1).ToString() },
        { "asked", "y", new DecideTransfer(4, true).ToString() },
        { "asked", "n", new DecideTransfer(4, false).ToString() },
    };

    [Theory, MemberData(nameof(OneKey))]
    public void A_key_does_what_is_possible(string what, string key, string intent)
    {
        ShownPhone phone = new ShownPhone().After(what switch
        {
            "calling" => [Phones.Went(1)],
            "ringing" => [Phones.Came(1)],
            "talking" => [Phones.Went(1), Phones.Answered(1)],
            "holding" => [Phones.Went(1), Phones.Answered(1), new HoldChanged(1, true)],
            "waiting" => [Phones.Went(1), Phones.Answered(1), Phones.Came(2, Phones.Carol)],
            "asked" => [Phones.Went(1), Phones.Answered(1), new TransferAsked(1, 4, Phones.Carol)],
            _ => Array.Empty<PhoneNews>(),
        });
        IReadOnlyList<PhoneIntent> done = key == "\r" ? phone.Press(KeyName.Enter) : phone.Type(key);
        Assert.Equal(intent, string.Join(", ", done));
    }

    [Fact]
    public void Dialling_takes_a_contact_or_an_address()
    {
        var phone = new ShownPhone();
        phone.Type("dbo");
        Assert.Equal(("Dial, as alice@example.com: bo", "Enter dial  Up Down choose  Esc back"), phone.Bottom);
        phone.Type("b");
        Assert.Equal([new Dial(0, Bob)], phone.Press(KeyName.Enter));
        phone.Type("d");
        phone.Press(KeyName.Down);
        phone.Press(KeyName.Down);
        Assert.Equal([new Dial(1, SipUri.Parse("sip:zoe@work.example"))], phone.Press(KeyName.Enter));
        phone.Type("2");
        phone.Type("00");
        Assert.Equal([new Dial(0, SipUri.Parse("sip:200@example.com"))], phone.Press(KeyName.Enter));
        phone.Type("d");
        phone.Type("not an address");
        Assert.Empty(phone.Press(KeyName.Enter));
        Assert.Equal("'not an address' is no address such as sip:bob@example.com, and no contact", phone.Bottom.Status);
        phone.Type("dx");
        Assert.Empty(phone.Press(KeyName.Escape));
        Assert.Null(phone.Screen.View.Prompt);
    }

    [Fact]
    public void The_line_can_be_edited()
    {
        var phone = new ShownPhone();
        phone.Type("dcarol");
        phone.Press(KeyName.Home);
        phone.Press(KeyName.Delete);
        phone.Type("C日");
        phone.Press(KeyName.Left);
        phone.Press(KeyName.Right);
        phone.Press(KeyName.Backspace);
        phone.Press(KeyName.End);
        phone.Type("!");
        Assert.Equal("Dial, as alice@example.com: Carol!", phone.Bottom.Status);
        phone.Press(KeyName.Clear);
        phone.Paste("sip:x@y\rq");
        Assert.Equal("sip:x@y\rq", phone.Screen.View.Prompt!.Editor.Text);
    }

    [Fact]
    public void What_is_pasted_outside_of_a_line_is_nothing()
    {
        ShownPhone phone = Talking();
        phone.Paste("qxh12");
        Assert.Null(phone.Screen.View.Prompt);
        Assert.Equal("", phone.State.Find(1)!.Digits);
    }

    [Fact]
    public void A_blind_transfer_asks_whom()
    {
        ShownPhone phone = Talking();
        phone.Type("tcarol");
        Assert.Equal("Transfer Bob to: carol", phone.Bottom.Status);
        Assert.Equal([new TransferTo(1, SipUri.Parse(Phones.Carol))], phone.Press(KeyName.Enter));
    }

    [Theory]
    [InlineData("c")]
    [InlineData("t")]
    public void An_attended_transfer_takes_another_call(string key)
    {
        ShownPhone phone = TwoCalls();
        phone.State.Choose(phone.State.Find(2)!);
        phone.Type(key);
        if (key == "t") phone.Press(KeyName.Down);
        Assert.Equal("Transfer carol@example.com to: call 1", phone.Bottom.Status);
        Assert.Equal([new Connect(2, 1)], phone.Press(KeyName.Enter));
    }

    [Fact]
    public void A_question_about_a_call_goes_with_it()
    {
        ShownPhone phone = Talking();
        phone.Type("tcar");
        phone.After(Phones.Over(1, CallEndReason.HungUpByPeer, 200));
        Assert.Null(phone.Screen.View.Prompt);
    }

    [Fact]
    public void Arrows_choose_among_calls_and_digits_go_to_the_chosen_one()
    {
        ShownPhone phone = TwoCalls().After(new HoldChanged(1, false));
        Assert.True(phone.Screen.View.IsOnCalls);
        phone.Press(KeyName.Down);
        phone.Press(KeyName.Down);
        Assert.Equal([new SendDigits(2, "5")], phone.Type("5"));
        phone.Press(KeyName.Up);
        Assert.Equal([new SendDigits(1, "5")], phone.Type("5"));
    }

    [Fact]
    public void Who_types_does_not_answer_a_call_that_comes_meanwhile()
    {
        var phone = new ShownPhone();
        phone.Type("msee yo");
        phone.After(Phones.Came(1, Phones.Carol));
        Assert.Equal("To Bob: see yo", phone.Bottom.Status);
        phone.Type("u");
        Assert.Equal([new SendText(0, Bob, "see you")], phone.Press(KeyName.Enter));
        Assert.Contains(phone.Lines, line => line.Contains("rings here", StringComparison.Ordinal));
        Assert.Equal([new Answer(1)], phone.Type("a"));
    }

    [Fact]
    public void Texts_are_read_and_answered()
    {
        ShownPhone phone = new ShownPhone().After(new TextCame(0, Phones.Carol, "Carol", "hello\nthere"));
        phone.Press(KeyName.Tab);
        Assert.Equal(1, phone.State.Threads[0].Unread);
        phone.Press(KeyName.Enter);
        Assert.Equal(0, phone.State.Threads[0].Unread);
        phone.Press(KeyName.Enter);
        phone.Type("hi");
        Assert.Equal([new SendText(0, SipUri.Parse(Phones.Carol), "hi")], phone.Press(KeyName.Enter));
        phone.Press(KeyName.Escape);
        Assert.Null(phone.Screen.View.Thread);
    }

    [Fact]
    public void A_missed_call_is_called_back_by_the_account_that_was_called()
    {
        ShownPhone phone = new ShownPhone().After(new CallCame(1, 1, "id", Phones.Carol, "", "sip:alice@work.example"), Phones.Over(1, CallEndReason.Cancelled, 487));
        Assert.Equal(1, phone.State.MissedUnseen);
        phone.Press(KeyName.Tab);
        phone.Press(KeyName.Tab);
        Assert.Equal(0, phone.State.MissedUnseen);
        Assert.Equal([new Dial(1, SipUri.Parse(Phones.Carol))], phone.Press(KeyName.Enter));
    }

    [Fact]
    public void The_account_is_switched()
    {
        var phone = new ShownPhone();
        phone.Type("s");
        Assert.Equal("calls go out from alice@work.example", phone.Bottom.Status);
        phone.Type("ddan");
        Assert.Equal([new Dial(1, SipUri.Parse("sip:dan@work.example"))], phone.Press(KeyName.Enter));
    }

    [Fact]
    public void Leaving_asks_while_there_are_calls_and_Ctrl_C_does_not()
    {
        ShownPhone phone = Talking();
        Assert.Empty(phone.Type("q"));
        Assert.Equal("A call is up. End and quit? y / n", phone.Bottom.Status);
        Assert.Empty(phone.Type("n"));
        Assert.Empty(phone.Type("q"));
        Assert.False(phone.HasLeft);
        Assert.Equal([new Quit()], phone.Type("y"));
        Assert.True(phone.HasLeft);
        Assert.Equal([new Quit(IsInterrupt: true)], Talking().Press(KeyName.Interrupt));
    }

    [Fact]
    public void The_bell_rings_as_long_as_the_call_and_not_for_one_that_takes_anothers_place()
    {
        ShownPhone phone = new ShownPhone().After(Phones.Came(1, replaces: 7));
        Assert.DoesNotContain('\a', phone.Written);
        phone.After(Phones.Came(2));
        int Rings() => phone.Written.Count(character => character == '\a');
        Assert.Equal(1, Rings());
        for (phone.Seconds = 1; phone.Seconds <= 8; phone.Seconds++) phone.Tick();
        Assert.Equal(3, Rings());
        phone.After(Phones.Answered(2));
        for (; phone.Seconds <= 20; phone.Seconds++) phone.Tick();
        Assert.Equal(3, Rings());
    }

    [Fact]
    public void Presence_is_turned_from_what_is_published()
    {
        ShownPhone phone = new ShownPhone().After(new PresencePublished(0, IsOpen: true, ""));
        Assert.Equal([new Publish(false, "")], phone.Type("p"));
        phone.After(new PresencePublished(0, IsOpen: false, ""));
        Assert.Equal("others see alice@example.com as closed", phone.Bottom.Status);
        Assert.Equal(" * alice@example.com  not registered, shown as closed", phone.Lines[1]);
        Assert.Equal([new Publish(true, "")], phone.Type("p"));
    }

    [Fact]
    public void Random_keys_and_news_never_break_it_nor_the_drawing()
    {
        var random = new Random(11);
        for (int round = 0; round < 60; round++)
        {
            var phone = new ShownPhone(width: random.Next(1, 120), height: random.Next(1, 40));
            int calls = 0;
            for (int step = 0; step < 200; step++)
            {
                PhoneNews? news = random.Next(14) switch
                {
                    0 => Phones.Came(++calls, random.Next(2) == 0 ? Phones.Bob : "sip:\e[31m@x", "\e]0;x\a日本\u0301"),
                    1 => Phones.Went(++calls, Phones.Carol),
                    2 => Phones.Answered(random.Next(calls + 1)),
                    3 => Phones.Over(random.Next(calls + 1), (CallEndReason)random.Next(13), 200, "\r\n\e[2J"),
                    4 => new TextCame(random.Next(2), $"sip:u{random.Next(5)}@x", "", new string('x', random.Next(300)) + "\e\n日本語"),
                    5 => new HoldChanged(random.Next(calls + 1), random.Next(2) == 0),
                    6 => new TransferAsked(random.Next(calls + 1), step, "sip:x@y"),
                    7 => new RegistrationChanged(random.Next(2), RegistrationState.Waiting, Failure: new RegistrationFailure(500, "\e[5m", null)),
                    _ => null,
                };
                if (news is not null) phone.After(news);
                else if (random.Next(2) == 0) phone.Press((KeyName)random.Next(1, 18));
                else phone.Type(((char)random.Next(0x20, 0x7F)).ToString());
                if (random.Next(20) == 0) phone.Size = (random.Next(1, 120), random.Next(1, 40));
            }

            string rest = phone.Written.Replace("\e[", "", StringComparison.Ordinal).Replace("\a", "", StringComparison.Ordinal);
            Assert.DoesNotContain(rest, char.IsControl);
        }
    }
}
