using Parley.Phone.State;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;

namespace Parley.Tests.Phone;

/// <summary>What a phone knows after what has happened.</summary>
public sealed class PhoneStateTests
{
    private readonly PhoneState _state = Phones.Create();

    private void Apply(params PhoneNews[] news)
    {
        foreach (PhoneNews item in news) _state.Apply(Phones.At(0), item);
    }

    [Fact]
    public void A_call_goes_from_its_start_to_its_end()
    {
        Apply(Phones.Went(1));
        Assert.Equal("calling", _state.Chosen!.Words);
        Assert.Equal("Bob", _state.Chosen.Name);
        Apply(new CallTold(1, new CallProgress(180, "Ringing", false)));
        Assert.Equal("ringing", _state.Chosen.Words);
        _state.Apply(Phones.At(5), Phones.Answered(1));
        Assert.Equal(("talking", TimeSpan.FromSeconds(7)), (_state.Chosen.Words, _state.Chosen.Duration(Phones.At(12).Instant)));
        Apply(new HoldChanged(1, IsHolding: true));
        Assert.Equal("on hold", _state.Chosen.Words);
        Apply(new CallTold(1, new CallHeld(true)));
        Assert.Equal("on hold, both", _state.Chosen.Words);
        Apply(Phones.Over(1, CallEndReason.HungUpByPeer, 200));
        Assert.Null(_state.Chosen);
        Assert.Equal("call to Bob: over, they hung up", _state.Log[^1].Words);
    }

    [Fact]
    public void Who_answers_or_calls_another_has_the_first_one_on_hold()
    {
        Apply(Phones.Went(1), Phones.Answered(1), Phones.Came(2, Phones.Carol));
        Assert.Equal([new Hold(1), new Answer(2)], _state.Decide(new Answer(2)));
        Apply(new HoldChanged(1, true), Phones.Answered(2));
        Assert.Equal([new Hold(2), new Resume(1)], _state.Decide(new Resume(1)));
        Apply(new HoldChanged(2, true));
        Assert.Equal([new Dial(0, SipUri.Parse("sip:dan@example.com"))], _state.Decide(new Dial(0, SipUri.Parse("sip:dan@example.com"))));
        Assert.Equal([new HangUp(1)], _state.Decide(new HangUp(1)));
    }

    [Fact]
    public void A_call_that_is_being_answered_or_hung_up_is_shown_so_and_rings_again_when_that_fails()
    {
        Apply(Phones.Came(1));
        _state.Decide(new Answer(1));
        Assert.Equal(("answering", false), (_state.Chosen!.Words, _state.IsRinging));
        Apply(new ProblemArose("--record: no room", Call: 1));
        Assert.True(_state.IsRinging);
        Apply(Phones.Answered(1));
        _state.Decide(new HangUp(1));
        Assert.Equal("hanging up", _state.Chosen.Words);
    }

    [Fact]
    public void A_call_that_takes_anothers_place_does_not_ring_nor_hold_it()
    {
        Apply(Phones.Came(1), Phones.Answered(1), Phones.Came(2, Phones.Carol, replaces: 1));
        Assert.False(_state.IsRinging);
        Assert.Equal([new Answer(2)], _state.Decide(new Answer(2)));
        Apply(Phones.Answered(2));
        Assert.Equal(2, _state.Chosen!.Number);
        Apply(Phones.Over(1, CallEndReason.HungUp, 200));
        Assert.Empty(_state.Missed);
    }

    [Fact]
    public void A_call_that_nobody_answered_is_missed_and_one_that_was_refused_is_not()
    {
        Apply(Phones.Came(1, "sip:+15550100@gw.example", "Sales"), Phones.Over(1, CallEndReason.Cancelled, 487), Phones.Came(2), Phones.Over(2, CallEndReason.Rejected, 486));
        MissedCall missed = Assert.Single(_state.Missed);
        Assert.Equal(("Sales", 1), (missed.Name, _state.MissedUnseen));
        _state.SeeMissed();
        Assert.Equal(0, _state.MissedUnseen);
    }

    [Fact]
    public void When_the_chosen_call_ends_one_that_rings_comes_before_others()
    {
        Apply(Phones.Went(1), Phones.Answered(1), Phones.Went(2), Phones.Answered(2), Phones.Came(3, Phones.Carol));
        Assert.Equal(2, _state.Chosen!.Number);
        Apply(Phones.Over(2, CallEndReason.HungUp, 200));
        Assert.Equal(3, _state.Chosen!.Number);
    }

    public static TheoryData<RegistrationFailure, string> Failures => new()
    {
        { new RegistrationFailure(403, "Forbidden", null), "not registered: the user name or the password is wrong (403)" },
        { new RegistrationFailure(404, "Not Found", null), "not registered: the server knows no such user (404)" },
        { new RegistrationFailure(408, "x", RequestFailure.TimedOut), "not registered: the server does not answer; is it running, and the address right? (408)" },
        { new RegistrationFailure(503, "x", RequestFailure.NotLocated), "not registered: the server's name is unknown; is the domain right, and the network there?" },
        { new RegistrationFailure(423, "Interval Too Brief", null), "not registered: 423 Interval Too Brief" },
    };

    [Theory, MemberData(nameof(Failures))]
    public void Why_an_account_is_not_registered_is_said_in_words(RegistrationFailure failure, string words)
    {
        Apply(new RegistrationChanged(0, RegistrationState.Waiting, Failure: failure), new RegistrationChanged(0, RegistrationState.Registering), new RegistrationChanged(0, RegistrationState.Waiting, Failure: failure));
        Assert.Single(_state.Log);
        Assert.Equal(words, _state.Accounts[0].Words);
        Apply(Phones.Registered(0));
        Assert.Equal("registered", _state.Accounts[0].Words);
    }

    [Fact]
    public void Texts_are_threads_by_who_they_are_with()
    {
        Apply(new TextCame(0, "sip:bob@example.com", "B.", "hello"), new TextCame(0, "sip:dan@example.com", "Dan", "hi"), new TextWent(0, 1, "sip:bob@example.com;transport=tcp", "yes?"));
        Assert.Equal(["Bob", "Dan"], _state.Threads.Select(thread => thread.Name));
        Assert.Equal((1, 2), (_state.Threads[0].Unread, _state.Threads[0].Texts.Count));
        Assert.Equal("sending", _state.Threads[0].Texts[1].Fate);
        Apply(new TextAnswered(1, 202, null));
        Assert.Equal("kept by the server for later", _state.Threads[0].Texts[1].Fate);
        Apply(new TextAnswered(1, 404, "nobody has this address (404)"));
        Assert.Equal("not delivered: nobody has this address (404)", _state.Threads[0].Texts[1].Fate);
    }

    [Fact]
    public void Every_list_has_an_end()
    {
        for (int i = 1; i <= 1000; i++)
        {
            Apply(Phones.Came(i, $"sip:u{i}@example.com"), Phones.Over(i, CallEndReason.Cancelled, 487), new TextCame(0, $"sip:u{i}@example.com", "", "x"), new TextCame(0, Phones.Bob, "", "y"));
        }

        Assert.Equal((100, 500, 100), (_state.Missed.Count, _state.Log.Count, _state.Threads.Count));
        Assert.Equal(200, _state.Threads[0].Texts.Count);
        Apply(new TextCame(0, Phones.Bob, "", new string('x', 70_000)));
        Assert.Equal((2001, 301), (_state.Threads[0].Texts[^1].Text.Length, _state.Log[^1].Words.Length));
        Assert.Equal("u1000@example.com", _state.Missed[0].Name);
    }

    public static TheoryData<string, string?> Typed => new()
    {
        { "bob", "sip:bob@example.com" },
        { "BOB", "sip:bob@example.com" },
        { "zoë 日本", "sip:zoe@work.example" },
        { "dan", "sip:dan@example.com" },
        { "+1 (555) 010-0", "sip:+15550100@example.com" },
        { "*97", "sip:*97@example.com" },
        { "dan@elsewhere.example", "sip:dan@elsewhere.example" },
        { "192.0.2.1:5070", "sip:192.0.2.1:5070" },
        { "sips:dan@elsewhere.example;transport=tcp", "sips:dan@elsewhere.example;transport=tcp" },
        { "two words", null },
        { "", null },
        { "sip:", null },
        { "mailto:a@b", null },
    };

    [Theory, MemberData(nameof(Typed))]
    public void What_is_typed_means_a_contact_an_address_or_a_user_of_the_same_domain(string text, string? uri)
    {
        bool isRead = Addresses.TryRead(_state, 0, text, out SipUri? read);
        Assert.Equal(uri, isRead ? read!.ToString() : null);
    }

    [Fact]
    public void A_lamp_follows_the_whole_and_what_changed_and_tells_what_it_missed()
    {
        var lamp = new DialogLamp();
        DialogInfo Info(uint version, bool isFull, params (string Id, DialogInfoState State)[] dialogs) =>
            new(Phones.Bob, [.. dialogs.Select(dialog => new DialogInfoEntry(dialog.Id, dialog.State))]) { Version = version, IsFull = isFull };

        Assert.Equal(Lamp.Unknown, lamp.Lamp);
        Assert.True(lamp.Take(Info(0, true)));
        Assert.Equal(Lamp.Free, lamp.Lamp);
        Assert.True(lamp.Take(Info(1, false, ("a", DialogInfoState.Early))));
        Assert.Equal(Lamp.Ringing, lamp.Lamp);
        Assert.True(lamp.Take(Info(2, false, ("a", DialogInfoState.Confirmed), ("b", DialogInfoState.Early))));
        Assert.Equal(Lamp.Busy, lamp.Lamp);
        Assert.True(lamp.Take(Info(1, false, ("a", DialogInfoState.Terminated))));      // late
        Assert.Equal(Lamp.Busy, lamp.Lamp);
        Assert.False(lamp.Take(Info(4, false, ("a", DialogInfoState.Terminated))));     // 3 is missing
        Assert.True(lamp.Take(Info(5, true, ("b", DialogInfoState.Terminated))));
        Assert.Equal(Lamp.Free, lamp.Lamp);
        Assert.False(new DialogLamp().Take(Info(0, false)));
    }
}
