using Parley.Core;
using Parley.Phone;
using Parley.Phone.Desk;
using Parley.Phone.Settings;
using Parley.Phone.Sound;
using Parley.Phone.State;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Tests.Phone;

/// <summary>Phones at work with each other over the loopback network, driven by intents.</summary>
public sealed class PhoneDeskTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>A phone that remembers what it was told.</summary>
    private sealed class DrivenPhone : IPhoneFront, IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly List<PhoneNews> _news = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private PhoneDesk _desk = null!;
        private Task _running = null!;

        public PhoneState State { get; private init; } = null!;

        public SipUri Address { get; private set; } = null!;

        public static async Task<DrivenPhone> StartAsync(bool echoes = false)
        {
            NetworkAddress address = NetworkAddress.FromIPv4(0x7F000001, 0);
            var settings = new PhoneSettings([new AccountSettings(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(address) }, Registers: false)], []);
            var phone = new DrivenPhone { State = new PhoneState([new PhoneAccount(null, registers: false)], []) };
            phone._desk = await PhoneDesk.StartAsync(settings, new FileSound(play: null, echoes, hasRecordTone: false, _ => null));
            phone._running = PhoneRun.RunAsync(phone._desk, phone.State, phone, TimeProvider.System, CancellationToken.None);
            var listens = await phone.NewsAsync<AccountListens>();
            phone.Address = SipUri.Parse("sip:" + listens.Points[0]["udp://".Length..]);
            return phone;
        }

        public IReadOnlyList<PhoneIntent> Take(Moment now, PhoneInput input)
        {
            if (input is not PhoneNews news) return [];
            TaskCompletionSource changed;
            lock (_gate)
            {
                State.Apply(now, news);
                _news.Add(news);
                (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            changed.TrySetResult();
            return [];
        }

        public void Do(PhoneIntent intent)
        {
            lock (_gate)
            {
                foreach (PhoneIntent step in State.Decide(intent)) _desk.Do(step);
            }
        }

        public async Task<T> NewsAsync<T>(Func<T, bool>? matches = null)
            where T : PhoneNews
        {
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    if (_news.OfType<T>().FirstOrDefault(news => matches?.Invoke(news) ?? true) is { } found) return found;
                    changed = _changed.Task;
                }

                await changed.WaitAsync(Limit);
            }
        }

        public async Task EndAsync()
        {
            _desk.Do(new Quit());
            await _running.WaitAsync(Limit);
        }

        public ValueTask DisposeAsync() => _desk.DisposeAsync();
    }

    [Fact]
    public async Task Phones_call_hold_press_keys_write_and_hang_up()
    {
        await using DrivenPhone alice = await DrivenPhone.StartAsync();
        await using DrivenPhone bob = await DrivenPhone.StartAsync(echoes: true);
        alice.Do(new Dial(0, bob.Address));
        CallCame came = await bob.NewsAsync<CallCame>();
        await alice.NewsAsync<CallTold>(told => told.Event is CallProgress { StatusCode: 180 });
        bob.Do(new Answer(came.Call));
        await alice.NewsAsync<CallTold>(told => told.Event is CallAnswered);
        await bob.NewsAsync<CallTold>(told => told.Event is CallAnswered);
        alice.Do(new SendDigits(1, "7#"));
        await bob.NewsAsync<CallTold>(told => told.Event is DigitReceived { Digit: '#' });
        alice.Do(new Hold(1));
        Assert.True((await alice.NewsAsync<HoldChanged>()).IsHolding);
        await bob.NewsAsync<CallTold>(told => told.Event is CallHeld { IsHeld: true });
        alice.Do(new Resume(1));
        await bob.NewsAsync<CallTold>(told => told.Event is CallHeld { IsHeld: false });
        await alice.NewsAsync<QualityMeasured>(measured => measured.Audio.Rtp.PacketsReceived > 0);
        alice.Do(new SendText(0, bob.Address, "see you"));
        Assert.Equal("see you", (await bob.NewsAsync<TextCame>()).Text);
        Assert.Equal((200, null), (await alice.NewsAsync<TextAnswered>() is var answered ? (answered.StatusCode, answered.Reason) : default));
        alice.Do(new HangUp(1));
        Assert.Equal(CallEndReason.HungUpByPeer, (await bob.NewsAsync<CallOver>()).End.Reason);
        await alice.NewsAsync<CallOver>();
    }

    [Fact]
    public async Task A_second_call_is_shown_answering_it_holds_the_first_and_the_two_are_connected()
    {
        await using DrivenPhone alice = await DrivenPhone.StartAsync();
        await using DrivenPhone bob = await DrivenPhone.StartAsync();
        await using DrivenPhone carol = await DrivenPhone.StartAsync();
        alice.Do(new Dial(0, bob.Address));
        bob.Do(new Answer((await bob.NewsAsync<CallCame>()).Call));
        await alice.NewsAsync<CallTold>(told => told is { Call: 1, Event: CallAnswered });
        carol.Do(new Dial(0, alice.Address));
        CallCame second = await alice.NewsAsync<CallCame>();
        alice.Do(new Answer(second.Call));
        await bob.NewsAsync<CallTold>(told => told.Event is CallHeld { IsHeld: true });
        await carol.NewsAsync<CallTold>(told => told.Event is CallAnswered);
        alice.Do(new Connect(1, second.Call));
        TransferAsked asked = await bob.NewsAsync<TransferAsked>();
        bob.Do(new DecideTransfer(asked.Transfer, IsAccepted: true));
        await carol.NewsAsync<CallCame>(came => came.Replaces == 1);
        await bob.NewsAsync<CallTold>(told => told is { Call: 2, Event: CallAnswered });
        await alice.NewsAsync<CallOver>(over => over.Call == 1);
        await alice.NewsAsync<CallOver>(over => over.Call == second.Call);
        await carol.NewsAsync<CallOver>(over => over.Call == 1);
        await carol.EndAsync();
        await bob.NewsAsync<CallOver>(over => over is { Call: 2, End.Reason: CallEndReason.HungUpByPeer });
    }

    [Fact]
    public async Task Who_declines_to_be_transferred_is_not_and_the_call_goes_on()
    {
        await using DrivenPhone alice = await DrivenPhone.StartAsync();
        await using DrivenPhone bob = await DrivenPhone.StartAsync();
        alice.Do(new Dial(0, bob.Address));
        bob.Do(new Answer((await bob.NewsAsync<CallCame>()).Call));
        await alice.NewsAsync<CallTold>(told => told.Event is CallAnswered);
        alice.Do(new TransferTo(1, SipUri.Parse("sip:127.0.0.1:9")));
        bob.Do(new DecideTransfer((await bob.NewsAsync<TransferAsked>()).Transfer, IsAccepted: false));
        ProblemArose problem = await alice.NewsAsync<ProblemArose>();
        Assert.Equal(("transfer to 127.0.0.1:9: declined (603)", 603, 1), (problem.Reason, problem.StatusCode, problem.Call));
        Assert.Equal(CallPhase.Talking, alice.State.Find(1)!.Phase);
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_and_the_end_ends_all_calls()
    {
        await using DrivenPhone alice = await DrivenPhone.StartAsync();
        await using DrivenPhone bob = await DrivenPhone.StartAsync();
        alice.Do(new Dial(0, bob.Address));
        await bob.NewsAsync<CallCame>();
        alice.Do(new SendDigits(1, "1"));
        Assert.Equal("keys: the call is not answered, or the other side takes no keys", (await alice.NewsAsync<ProblemArose>()).Reason);
        await alice.EndAsync();
        Assert.Equal(CallEndReason.Cancelled, (await bob.NewsAsync<CallOver>()).End.Reason);
        Assert.Single(bob.State.Missed);
    }
}
