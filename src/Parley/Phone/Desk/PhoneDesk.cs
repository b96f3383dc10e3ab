using System.Collections.Concurrent;
using System.Threading.Channels;
using Parley.Commands;
using Parley.Endpoint.Media;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Output;
using Parley.Phone.Settings;
using Parley.Phone.Sound;
using Parley.Phone.State;
using Parley.UserAgent;

namespace Parley.Phone.Desk;

/// <summary>The phone at work: user agents, their calls and what is watched. It does what is intended, and tells what happens in one order.</summary>
/// <remarks>
/// All accounts are on one loop, so that calls of different accounts can be connected with each other. Who reads <see cref="Inputs"/> gives each to the state and decides;
/// <see cref="Do"/> returns at once. What is told waits in a bounded queue: when nobody reads, texts and calls are refused at the door.
/// </remarks>
internal sealed class PhoneDesk : IAsyncDisposable
{
    private const int MaxInputs = 4096;
    private const int MaxCalls = 8;
    private const int MaxTexts = 256;
    private const int MaxTransfers = 8;        // that wait for the user
    private static readonly TimeSpan QualityInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDecision = TimeSpan.FromSeconds(20);       // the user agent declines then

    private readonly Channel<PhoneInput> _inputs = Channel.CreateBounded<PhoneInput>(MaxInputs);
    private readonly ConcurrentDictionary<int, Call> _calls = [];
    private readonly ConcurrentDictionary<int, (DeskAccount Account, TransferRequest Request)> _transfers = [];
    private readonly ConcurrentDictionary<Task, bool> _running = [];
    private readonly CancellationTokenSource _end = new();
    private readonly NetworkLoop _loop;
    private readonly IPhoneSound _sound;
    private readonly List<DeskAccount> _accounts = [];
    private readonly DeskPresence _presence;
    private int _lastCall;
    private int _lastText;
    private int _lastTransfer;
    private int _isEnding;
    private int _isDisposed;

    private PhoneDesk(IPhoneSound sound)
    {
        _sound = sound;
        _loop = NetworkLoop.Start(new NetworkLoopOptions { Name = "Parley phone" });
        _presence = new DeskPresence(this);
    }

    /// <summary>All that happens, in order; it ends when the phone has ended.</summary>
    public ChannelReader<PhoneInput> Inputs => _inputs.Reader;

    /// <summary>True while somebody speaks on the phone.</summary>
    public bool IsInCall => _calls.Values.Any(call => call.State == CallState.Established);

    internal IReadOnlyList<DeskAccount> Accounts => _accounts;

    /// <summary>Opens the sockets of all accounts and begins.</summary>
    /// <exception cref="ArgumentException">An option is not allowed.</exception>
    /// <exception cref="Endpoint.Sip.SipListenException">An address cannot be listened on.</exception>
    public static async Task<PhoneDesk> StartAsync(PhoneSettings settings, IPhoneSound sound)
    {
        var desk = new PhoneDesk(sound);
        try
        {
            var ports = MediaPorts.TryParse(MediaPorts.DefaultRange)!;     // one supply for all accounts
            foreach (AccountSettings account in settings.Accounts)
            {
                SipUserAgentOptions agent = account.Agent with { Loop = desk._loop, MediaPorts = account.Agent.MediaPorts ?? ports, MaxCalls = MaxCalls, MaxWaitingMessages = MaxTexts, TakesTransfers = true };
                var made = new DeskAccount(desk, desk._accounts.Count, account with { Agent = agent });
                await made.StartAsync().ConfigureAwait(false);
                desk._accounts.Add(made);
            }
        }
        catch
        {
            await desk.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        desk._presence.Begin();
        foreach (DeskAccount account in desk._accounts) account.Begin();
        desk.Run(desk.TellReadyAsync);
        desk.Run(desk.MeasureAsync);
        new DeskWatches(desk).Begin(settings.Contacts);
        return desk;
    }

    /// <summary>Puts something behind what has happened.</summary>
    /// <returns>False when the queue is full, which is then one that nobody reads, or the phone has ended.</returns>
    public bool Post(PhoneInput input) => _inputs.Writer.TryWrite(input);

    /// <summary>Puts something behind what has happened that must not be lost; whoever brings it waits until there is room.</summary>
    /// <exception cref="ChannelClosedException">The phone has ended.</exception>
    public ValueTask DeliverAsync(PhoneInput input) => _inputs.Writer.WriteAsync(input, CancellationToken.None);

    /// <summary>Does what the user wants; how it comes out is told.</summary>
    public void Do(PhoneIntent intent)
    {
        switch (intent)
        {
            case Quit: End(); break;
            case RegisterAgain again: _accounts[again.Account].Register(); break;
            case Publish publish: _presence.Set(publish); break;
            default: Run(_ => TryAsync(intent)); break;
        }
    }

    /// <summary>Ends all calls and unregisters; <see cref="Inputs"/> ends when that is done.</summary>
    public void End()
    {
        if (Interlocked.Exchange(ref _isEnding, 1) == 0) _ = EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        if (Interlocked.Exchange(ref _isEnding, 1) == 0) await EndAsync().ConfigureAwait(false);
        else await _inputs.Reader.Completion.WaitAsync(TimeSpan.FromSeconds(1), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _loop.Dispose();
        _end.Dispose();
    }

    internal void Tell(PhoneNews news) => Post(news);

    /// <summary>Runs work that ends with the phone. What it did not foresee ends the phone too, and is told.</summary>
    internal void Run(Func<CancellationToken, Task> work)
    {
        Task running = GuardAsync(work);
        if (running.IsCompleted) return;
        _running[running] = true;
        _ = running.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (running.IsCompleted) _running.TryRemove(running, out _);
    }

    /// <summary>An account is registered, perhaps for the first time.</summary>
    internal void OnRegistered() => _presence.Changed();

    internal int? NumberOf(Call call) => _calls.FirstOrDefault(known => known.Value == call) is { Value: not null } found ? found.Key : null;

    internal void TakeIncoming(DeskAccount account, Call call)
    {
        int number = Interlocked.Increment(ref _lastCall);
        int? replaces = call.Replaced is { } replaced ? NumberOf(replaced) : null;
        _calls[number] = call;
        bool isTold = Post(new CallCame(account.Index, number, call.CallId, call.RemoteUri, call.RemoteDisplayName, call.RequestUri, replaces));
        Run(_ => FollowAsync(number, call, account));
        if (!isTold) Run(_ => call.RejectAsync(486));
        else Run(_ => replaces is null ? RingAsync(call) : TryAsync(new Answer(number)));
    }

    internal void TakeTransfer(DeskAccount account, int call, TransferRequest request)
    {
        if (_transfers.Count >= MaxTransfers)
        {
            Run(_ => request.RejectAsync());
            return;
        }

        int number = Interlocked.Increment(ref _lastTransfer);
        _transfers[number] = (account, request);
        Tell(new TransferAsked(call, number, request.Target.ToString()));
        Run(async cancellationToken =>
        {
            await Task.Delay(LongestDecision, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            if (_transfers.TryRemove(number, out _)) Tell(new TransferDecided(number));
        });
    }

    private static async Task RingAsync(Call call)
    {
        try
        {
            await call.RingAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException)
        {
            // The caller has given up.
        }
    }

    private async Task GuardAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_end.Token).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is OperationCanceledException or ObjectDisposedException or ChannelClosedException)
        {
            // The phone ends.
        }
        catch (Exception problem)
        {
            _inputs.Writer.TryComplete(problem);
        }
    }

    private async Task TellReadyAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_accounts.Select(account => account.Tried)).WaitAsync(cancellationToken).ConfigureAwait(false);
        Tell(new PhoneReady());
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(QualityInterval, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            foreach ((int number, Call call) in _calls)
            {
                if (call.State == CallState.Established && await call.GetStatisticsAsync().ConfigureAwait(false) is { } audio) Tell(new QualityMeasured(number, audio));
            }
        }
    }

    /// <summary>Tells a call's events until it is over.</summary>
    private async Task FollowAsync(int number, Call call, DeskAccount account)
    {
        await foreach (CallEvent happened in call.Events.ConfigureAwait(false))
        {
            if (happened is CallAnswered) _presence.Changed();
            if (DeskCalls.TellsTone(happened, out CallTone? tone)) _sound.Play(number, tone);
            if (happened is CallEnded) continue;
            await DeliverAsync(new CallTold(number, happened)).ConfigureAwait(false);
        }

        CallEnd end = await call.Ended.ConfigureAwait(false);
        AudioStatistics? audio = await call.GetStatisticsAsync().ConfigureAwait(false);
        _calls.TryRemove(number, out _);
        if (await _sound.CloseAsync(number, DeskCalls.ToneOf(end)).ConfigureAwait(false) is { } problem) Tell(new ProblemArose(problem, Call: number));
        await DeliverAsync(new CallOver(number, end, audio)).ConfigureAwait(false);
        _presence.Changed();
        if (account.Settings.QualityReport is not { } collector) return;
        (_, string? refusal) = await new QualityReporter(account.Agent, collector, account.Settings.Agent.Identity).TrySendAsync(call).ConfigureAwait(false);
        if (refusal is not null) Tell(new Noted(refusal));
    }

    private async Task TryAsync(PhoneIntent intent)
    {
        int? about = DeskCalls.CallOf(intent);
        try
        {
            await DoAsync(intent).ConfigureAwait(false);
        }
        catch (SipRequestException problem)
        {
            Tell(new ProblemArose($"{DeskCalls.Words(intent)}: {Reasons.Of(problem.StatusCode, problem.ReasonPhrase)}", problem.StatusCode, about));
        }
        catch (CallFailedException)
        {
            // How it ended is told.
        }
        catch (Exception problem) when (problem is (InvalidOperationException and not ObjectDisposedException) or ArgumentException)
        {
            bool isOver = about is { } number && _calls.GetValueOrDefault(number)?.State is null or CallState.Ending or CallState.Ended;
            Tell(new ProblemArose($"{DeskCalls.Words(intent)}: {(isOver ? "the call is over" : DeskCalls.Advice(intent))}", Call: about));
        }
        catch (CommandException problem)
        {
            Tell(new ProblemArose(problem.Message, problem.StatusCode, about));
        }
    }

    private async Task DoAsync(PhoneIntent intent)
    {
        switch (intent)
        {
            case Dial dial: Place(dial); break;
            case Answer answer when _calls.GetValueOrDefault(answer.Call) is { } call: await AnswerAsync(answer.Call, call).ConfigureAwait(false); break;
            case Refuse refuse when _calls.GetValueOrDefault(refuse.Call) is { } call: await call.RejectAsync(refuse.StatusCode).ConfigureAwait(false); break;
            case HangUp hangUp when _calls.GetValueOrDefault(hangUp.Call) is { } call: await call.HangUpAsync(_end.Token).ConfigureAwait(false); break;
            case Hold hold when _calls.GetValueOrDefault(hold.Call) is { } call:
                await call.HoldAsync(_end.Token).ConfigureAwait(false);
                Tell(new HoldChanged(hold.Call, call.IsHolding));
                break;
            case Resume resume when _calls.GetValueOrDefault(resume.Call) is { } call:
                await call.ResumeAsync(_end.Token).ConfigureAwait(false);
                Tell(new HoldChanged(resume.Call, call.IsHolding));
                break;
            case SendDigits digits when _calls.GetValueOrDefault(digits.Call) is { } call:
                await call.SendDtmfAsync(digits.Digits, digits.By, _end.Token).ConfigureAwait(false);
                Tell(new DigitsSent(digits.Call, digits.Digits));
                break;
            case TransferTo transfer when _calls.GetValueOrDefault(transfer.Call) is { } call:
                await call.TransferAsync(transfer.Target, progress: null, _end.Token).ConfigureAwait(false);
                break;
            case Connect connect when _calls.GetValueOrDefault(connect.Call) is { } call && _calls.GetValueOrDefault(connect.Other) is { } other:
                await call.TransferAsync(other, progress: null, _end.Token).ConfigureAwait(false);
                break;
            case DecideTransfer decide when _transfers.TryRemove(decide.Transfer, out (DeskAccount Account, TransferRequest Request) asked): await DecideAsync(decide, asked.Account, asked.Request).ConfigureAwait(false); break;
            case SendText text: await SendAsync(text).ConfigureAwait(false); break;
            default: throw new InvalidOperationException("It is over.");
        }
    }

    private async Task AnswerAsync(int number, Call call)
    {
        try
        {
            await call.AnswerAsync(_sound.Open(number), _end.Token).ConfigureAwait(false);
        }
        finally
        {
            // Where the caller was faster nobody else closes what was opened.
            if (!_calls.ContainsKey(number)) await _sound.CloseAsync(number).ConfigureAwait(false);
        }
    }

    private void Place(Dial dial)
    {
        int number = Interlocked.Increment(ref _lastCall);
        CallAudio audio = _sound.Open(number);
        Take(dial.Account, number, _accounts[dial.Account].Agent.StartCall(dial.Uri, new CallOptions { Audio = audio }), dial.Uri.ToString());
    }

    private void Take(int account, int number, Call call, string uri)
    {
        _calls[number] = call;
        Tell(new CallWent(account, number, call.CallId, uri));
        Run(_ => FollowAsync(number, call, _accounts[account]));
    }

    private async Task DecideAsync(DecideTransfer decide, DeskAccount account, TransferRequest request)
    {
        Tell(new TransferDecided(decide.Transfer));
        if (!decide.IsAccepted)
        {
            await request.RejectAsync().ConfigureAwait(false);
            return;
        }

        int number = Interlocked.Increment(ref _lastCall);
        try
        {
            Call call = await request.AcceptAsync(new CallOptions { Audio = _sound.Open(number) }).ConfigureAwait(false);
            Take(account.Index, number, call, request.Target.ToString());
        }
        catch (InvalidOperationException)
        {
            await _sound.CloseAsync(number).ConfigureAwait(false);
            throw;
        }
    }

    private async Task SendAsync(SendText text)
    {
        int number = Interlocked.Increment(ref _lastText);
        string uri = text.Uri.ToString();
        Tell(new TextWent(text.Account, number, uri, text.Text));
        try
        {
            MessageResult result = await _accounts[text.Account].Agent.SendMessageAsync(text.Uri, text.Text, _end.Token).ConfigureAwait(false);
            Tell(new TextAnswered(number, result.StatusCode, Reason: null));
        }
        catch (SipRequestException problem)
        {
            Tell(new TextAnswered(number, problem.StatusCode, Reasons.Of(problem.StatusCode, problem.ReasonPhrase)));
        }
    }

    private async Task EndAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_accounts.Select(account => account.Agent.DisposeAsync().AsTask())).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_running.Keys).WaitAsync(TimeSpan.FromSeconds(2), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _inputs.Writer.TryComplete();
    }
}
