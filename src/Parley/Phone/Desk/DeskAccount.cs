using System.Threading.Channels;
using Parley.Phone.Settings;
using Parley.Phone.State;
using Parley.UserAgent;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.Desk;

/// <summary>An account at work: its user agent, its registration, and what comes in by it.</summary>
internal sealed class DeskAccount(PhoneDesk desk, int index, AccountSettings settings)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<bool> _again = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isRegistering;

    /// <summary>Its place among the accounts.</summary>
    public int Index => index;

    public AccountSettings Settings => settings;

    public SipUserAgent Agent { get; private set; } = null!;

    /// <summary>Completes when the registrar has been asked once, whatever it said.</summary>
    public Task Tried => _tried.Task;

    /// <summary>Completes when the registrar accepts the next time: what failed before may succeed then.</summary>
    public Task NextRegistration => _next.Task;

    /// <summary>Opens its sockets.</summary>
    public async Task StartAsync() => Agent = await SipUserAgent.StartAsync(settings.Agent).ConfigureAwait(false);

    /// <summary>Begins to take what comes in, and to register.</summary>
    public void Begin()
    {
        desk.Tell(new AccountListens(index, [.. Agent.ListenPoints.Select(point => point.ToString())]));
        desk.Run(FollowRegistrationAsync);
        desk.Run(TakeCallsAsync);
        desk.Run(TakeTextsAsync);
        desk.Run(TakeTransfersAsync);
        if (settings.Registers) Register();
        else _tried.TrySetResult();
    }

    /// <summary>Registers; where that waits for its next try, it is made now.</summary>
    public void Register()
    {
        if (Interlocked.Exchange(ref _isRegistering, 1) == 0) desk.Run(RegisterAsync);
        else _again.Writer.TryWrite(true);
    }

    /// <summary>Asks until the registrar accepts or refuses for good; from then on the user agent keeps the binding itself.</summary>
    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            desk.Tell(new RegistrationChanged(index, RegistrationState.Registering));
            try
            {
                await Agent.RegisterAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _isRegistering, 0);
                return;     // it is told with the other changes
            }
            catch (SipRequestException problem)
            {
                // A refusal will not change by itself; a server that is away comes back.
                bool isFinal = problem is { Failure: null, StatusCode: >= 300 and < 500 and not 408 and not 480 };
                var failure = new RegistrationFailure(problem.StatusCode, problem.ReasonPhrase, problem.Failure);
                desk.Tell(new RegistrationChanged(index, isFinal ? RegistrationState.Unregistered : RegistrationState.Waiting, Failure: failure, RetryIn: isFinal ? null : wait));
                _tried.TrySetResult();
                if (isFinal)
                {
                    Volatile.Write(ref _isRegistering, 0);
                    return;
                }
            }

            await WaitAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ended.CancelAfter(wait);
        try
        {
            await _again.Reader.ReadAsync(ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    private async Task FollowRegistrationAsync(CancellationToken cancellationToken)
    {
        await foreach (RegistrationChange change in Agent.RegistrationChanges.ConfigureAwait(false))
        {
            if (change is { Failure: not null, RetryIn: null }) continue;      // who asked tells it
            desk.Tell(new RegistrationChanged(index, change.State, change.Lifetime, change.Failure, change.RetryIn));
            if (change.State != RegistrationState.Registered) continue;
            _tried.TrySetResult();
            desk.OnRegistered();
            TaskCompletionSource registered = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            registered.TrySetResult();
        }
    }

    private async Task TakeCallsAsync(CancellationToken cancellationToken)
    {
        await foreach (Call call in Agent.IncomingCalls.ConfigureAwait(false)) desk.TakeIncoming(this, call);
    }

    private async Task TakeTextsAsync(CancellationToken cancellationToken)
    {
        await foreach (TextMessage text in Agent.IncomingMessages.ConfigureAwait(false)) await desk.DeliverAsync(new TextCame(index, text.From, text.DisplayName, text.Text)).ConfigureAwait(false);
    }

    private async Task TakeTransfersAsync(CancellationToken cancellationToken)
    {
        await foreach (TransferRequest request in Agent.IncomingTransfers.ConfigureAwait(false))
        {
            // Only who is in a call with the user is believed to ask in earnest.
            if (request.Call is { } call && desk.NumberOf(call) is { } number) desk.TakeTransfer(this, number, request);
            else await request.RejectAsync().ConfigureAwait(false);
        }
    }
}
