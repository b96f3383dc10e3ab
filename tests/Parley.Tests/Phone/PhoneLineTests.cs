using System.Text.Json;
using Parley.Output;
using Parley.Phone.Lines;
using Parley.Phone.State;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Tests.Phone;

/// <summary>The phone by lines: what they mean, and what goes out.</summary>
public sealed class PhoneLineTests
{
    private static readonly SipUri Bob = SipUri.Parse(Phones.Bob);

    /// <summary>1 talks, 2 is on hold, 3 rings.</summary>
    private static PhoneState Busy()
    {
        PhoneState state = Phones.Create();
        foreach (PhoneNews news in (PhoneNews[])[Phones.Went(1), Phones.Answered(1), Phones.Went(2), Phones.Answered(2), new HoldChanged(2, true), Phones.Came(3, Phones.Carol)]) state.Apply(Phones.At(0), news);
        state.Choose(state.Find(1)!);
        return state;
    }

    public static TheoryData<string, string> Good => new()
    {
        { "dial sip:bob@example.com", new Dial(0, Bob).ToString() },
        { "  DIAL Bob ", new Dial(0, Bob).ToString() },
        { "call bob", new Dial(0, Bob).ToString() },
        { "answer", new Answer(3).ToString() },
        { "answer 3", new Answer(3).ToString() },
        { "reject", new Refuse(3, 486).ToString() },
        { "reject 603", new Refuse(3, 603).ToString() },
        { "reject 3 480", new Refuse(3, 480).ToString() },
        { "hangup", new HangUp(1).ToString() },
        { "hangup 2", new HangUp(2).ToString() },
        { "hold", new Hold(1).ToString() },
        { "resume", new Resume(2).ToString() },
        { "digits 12#", new SendDigits(1, "12#").ToString() },
        { "digits 12# 2", new SendDigits(2, "12#").ToString() },
        { "transfer bob", new TransferTo(1, Bob).ToString() },
        { "transfer bob 2", new TransferTo(2, Bob).ToString() },
        { "connect", new Connect(1, 2).ToString() },
        { "connect 2 1", new Connect(2, 1).ToString() },
        { "message bob  hi there ", new SendText(0, Bob, "hi there").ToString() },
        { "message zoë 日本 hi", new SendText(1, SipUri.Parse("sip:zoe@work.example"), "hi").ToString() },
        { "presence closed At lunch", new Publish(false, "At lunch").ToString() },
        { "register 2", new RegisterAgain(1).ToString() },
        { "quit", new Quit().ToString() },
    };

    [Theory, MemberData(nameof(Good))]
    public void A_line_is_an_intent(string line, string intent)
    {
        LineMeaning meaning = PhoneLineReader.Read(line, Busy());
        Assert.Null(meaning.Problem);
        Assert.Equal(intent, meaning.Intent?.ToString());
    }

    public static TheoryData<string, string> Bad => new()
    {
        { "jump", "'jump' is no command; help shows them" },
        { "dial", "dial: the form is: dial WHOM" },
        { "dial two words", "'two words' is no address such as sip:bob@example.com, and no contact" },
        { "answer 1", "call 1 is another kind: it is talking, and not one that rings" },
        { "answer 9", "there is no call 9" },
        { "hold 2", "call 2 is another kind: it is on hold, and not one that is answered and not on hold" },
        { "reject 3 200", "reject: the status is 400 to 699, such as 486 (busy) or 603 (declined)" },
        { "digits 12x", "digits: allowed are 1 to 64 of 0-9, *, # and A-D" },
        { "connect 1 1", "connect: two numbers of calls" },
        { "connect 1 9", "connect: there are no such calls" },
        { "resume 1 2", "resume: the form is: hold [CALL], resume [CALL]" },
        { "accept", "nobody asks this phone to call somebody" },
        { "account nobody", "there is no account nobody; accounts shows them" },
        { "message bob", "message: the form is: message WHOM TEXT" },
    };

    [Theory, MemberData(nameof(Bad))]
    public void A_line_that_means_nothing_says_why(string line, string problem)
    {
        LineMeaning meaning = PhoneLineReader.Read(line, Busy());
        Assert.Null(meaning.Intent);
        Assert.Equal(problem, meaning.Problem);
    }

    [Fact]
    public void Empty_lines_and_comments_mean_nothing() => Assert.Equal([default, default], new[] { "  ", "# a script" }.Select(line => PhoneLineReader.Read(line, Busy())));

    [Fact]
    public void Programs_hear_of_everything_as_events()
    {
        PhoneState state = Phones.Create();
        var output = new StringWriter();
        var front = new LineFront(state, new CommandOutput(isJson: true, output, TextWriter.Null));
        foreach (PhoneInput input in (PhoneInput[])
        [
            Phones.Registered(0), new RegistrationChanged(1, RegistrationState.Unregistered, Failure: new RegistrationFailure(403, "Forbidden", null)), new PhoneReady(),
            Phones.Came(1, Phones.Bob, "Bobby"), Phones.Answered(1), new HoldChanged(1, true), new PresenceKnown(0, true, "on the phone"), new LampKnown(0, Lamp.Busy), new MessagesWait(0, true, 2),
            Phones.Quality(1, 100, 1, 2, 12), new LineRead("calls"), new LineRead("nonsense"), Phones.Over(1, CallEndReason.HungUp, 200, "OK"),
        ])
        {
            Assert.Empty(front.Take(Phones.At(0), input));
        }

        Assert.Equal(
            [
                """{"event":"registered","account":"alice@example.com","seconds":3600}""",
                """{"event":"unregistered","account":"alice@work.example","status":403,"reason":"the user name or the password is wrong (403)"}""",
                """{"event":"ready"}""",
                """{"event":"incoming","number":1,"account":"alice@example.com","call":"id1","from":"sip:bob@example.com","name":"Bobby","to":"sip:alice@example.com"}""",
                """{"event":"answered","call":"id1","number":1,"codec":"PCMU"}""",
                """{"event":"hold","call":"id1","number":1,"holding":true}""",
                """{"event":"presence","contact":"Bob","uri":"sip:bob@example.com","open":true,"words":"on the phone"}""",
                """{"event":"lamp","contact":"Bob","uri":"sip:bob@example.com","lamp":"busy"}""",
                """{"event":"waiting","account":"alice@example.com","waiting":true,"new":2}""",
                """{"event":"callState","number":1,"call":"id1","uri":"sip:bob@example.com","name":"Bob","incoming":true,"state":"talking","holding":true,"held":false,"recorded":"off","codec":"PCMU","seconds":0,"received":100,"lost":1,"jitterMilliseconds":2,"roundTripMilliseconds":12}""",
                """{"event":"problem","reason":"'nonsense' is no command; help shows them"}""",
                """{"event":"ended","call":"id1","number":1,"reason":"HungUp","status":200,"phrase":"OK"}""",
            ],
            output.ToString().TrimEnd().ReplaceLineEndings("\n").Split('\n'));
        Assert.All(output.ToString().TrimEnd().Split('\n'), line => JsonDocument.Parse(line));
        Assert.Equal([new Quit()], front.Take(Phones.At(0), new LineRead(null)));
    }
}
