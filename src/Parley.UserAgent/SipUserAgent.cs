using System.Threading.Channels;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent;

/// <summary>A phone for programs: registers, calls, and is called. Safe on every thread.</summary>
/// <example>
/// <code>
/// await using SipUserAgent agent = await SipUserAgent.StartAsync();
/// Call call = await agent.CallAsync("sip:echo@example.com");
/// await call.SendDtmfAsync("12#");
/// await call.HangUpAsync();
/// </code>
/// </example>
/// <remarks>A shell of tasks around a <see cref="UserAgentCore"/> on a loop of its own, or one that it is given.</remarks>
public sealed partial class SipUserAgent : IAsyncDisposable
{
    private const int MaxChanges = 64;

    private readonly SipUserAgentOptions _options;
    private readonly INetworkLoop _loop;
    private readonly NetworkLoop? _ownLoop;
    private readonly Channel<Call> _incoming;
    private readonly Channel<TextMessage>? _messages;
    private readonly Channel<TransferRequest>? _transfers;
    private readonly Channel<RegistrationChange> _changes = Channel.CreateBounded<RegistrationChange>(
        new BoundedChannelOptions(MaxChanges) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly RegistrationWaiter _registrationWaiter;
    private SipEndpoint _endpoint = null!;      // both are set before anyone gets to see the agent
    private UserAgentCore _core = null!;
    private Registration? _registration;        // the lane's
    private bool _isEnding;                     // the lane's
    private int _isDisposed;

    private SipUserAgent(SipUserAgentOptions options)
    {
        _options = options;
        if (options.Loop is null) _ownLoop = NetworkLoop.Start(new NetworkLoopOptions { Name = "Parley user agent" });
        _loop = options.Loop ?? _ownLoop!;
        _incoming = Channel.CreateBounded<Call>(options.MaxWaitingCalls);
        if (options.MaxWaitingMessages > 0) _messages = Channel.CreateBounded<TextMessage>(options.MaxWaitingMessages);
        if (options.TakesTransfers) _transfers = Channel.CreateBounded<TransferRequest>(options.MaxWaitingCalls);
        _registrationWaiter = new RegistrationWaiter(this);
    }

    /// <summary>Where it listens, with the ports that were chosen.</summary>
    public IReadOnlyList<SipListenPoint> ListenPoints => _endpoint.ListenPoints;

    /// <summary>Calls that come in, in order; each is given to one enumerator. Who does not want one rejects it.</summary>
    public IAsyncEnumerable<Call> IncomingCalls => _incoming.Reader.ReadAllAsync();

    /// <summary>Texts that come in, in order; each is given to one enumerator.</summary>
    /// <exception cref="InvalidOperationException">The agent takes none: see <see cref="SipUserAgentOptions.MaxWaitingMessages"/>.</exception>
    public IAsyncEnumerable<TextMessage> IncomingMessages =>
        (_messages ?? throw new InvalidOperationException("The agent takes no messages: set MaxWaitingMessages.")).Reader.ReadAllAsync();

    /// <summary>Where the registration is at this moment.</summary>
    public RegistrationState RegistrationState => _registration?.State ?? RegistrationState.Unregistered;

    /// <summary>What happens to the registration, in order: renewed, failed, tried again.</summary>
    /// <remarks>When nobody takes them, the oldest of 64 are dropped.</remarks>
    public IAsyncEnumerable<RegistrationChange> RegistrationChanges => _changes.Reader.ReadAllAsync();

    /// <summary>Opens the sockets and starts.</summary>
    /// <param name="options">Defaults when absent: direct calls from any free port.</param>
    /// <exception cref="ArgumentException">An option is not allowed; the message names it.</exception>
    /// <exception cref="SipListenException">An address cannot be listened on.</exception>
    public static async Task<SipUserAgent> StartAsync(SipUserAgentOptions? options = null)
    {
        options ??= new SipUserAgentOptions();
        options.Validate();
        var agent = new SipUserAgent(options);
        try
        {
            await agent.OnLane(agent.Open).ConfigureAwait(false);
        }
        catch
        {
            agent._ownLoop?.Dispose();
            throw;
        }

        return agent;
    }

    /// <summary>Calls somebody and waits for the answer.</summary>
    /// <param name="uri">Who: <c>sip:bob@example.com</c>, or <c>sip:192.0.2.1:5070</c> with no server at all.</param>
    /// <param name="options">How; silence when absent.</param>
    /// <param name="cancellationToken">Cancels the call when it is not answered yet.</param>
    /// <returns>The answered call.</returns>
    /// <exception cref="CallFailedException">It was not answered.</exception>
    /// <exception cref="FormatException">The URI is none.</exception>
    public Task<Call> CallAsync(string uri, CallOptions? options = null, CancellationToken cancellationToken = default) =>
        CallAsync(SipUri.Parse(uri), options, cancellationToken);

    /// <inheritdoc cref="CallAsync(string, CallOptions?, CancellationToken)"/>
    public async Task<Call> CallAsync(SipUri uri, CallOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Call call = StartCall(uri, options);
        try
        {
            await call.Answered.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = call.HangUpAsync(CancellationToken.None);
            throw;
        }

        return call;
    }

    /// <summary>Calls somebody, and returns at once: for who wants to hear it ring, or to give up.</summary>
    /// <inheritdoc cref="CallAsync(string, CallOptions?, CancellationToken)"/>
    public Call StartCall(SipUri uri, CallOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        options ??= new CallOptions();
        options.Validate();
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        byte[] callId = _core.CreateCallId();
        var call = new Call(_loop, isIncoming: false, WireText.From(callId), uri.ToString(), "", uri.ToString());
        _ = OnLane(() =>
        {
            if (_isEnding) call.OnNotStarted(new CallEnd(CallEndReason.Cancelled, 487, "The agent ends"));
            else if (_core.Call(uri, callId, options, call) is null) call.OnNotStarted(new CallEnd(CallEndReason.Overloaded, 503, "Too many calls"));
            return true;
        });
        return call;
    }

    /// <summary>Registers the identity with the registrar of its domain, and keeps it registered until the agent ends.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How long the registrar keeps the binding; it is renewed in time.</returns>
    /// <exception cref="SipRequestException">The registrar refused, or could not be asked. Nothing is tried again.</exception>
    /// <exception cref="InvalidOperationException">The agent has no identity.</exception>
    public async Task<TimeSpan> RegisterAsync(CancellationToken cancellationToken = default)
    {
        Task<TimeSpan> registered = await OnLane(() =>
        {
            _registration ??= _core.CreateRegistration(_registrationWaiter);
            Task<TimeSpan> result = _registrationWaiter.WaitForRegistration();
            _registration.Register();
            return result;
        }).ConfigureAwait(false);
        return await registered.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the registration, and waits until the registrar has confirmed it or cannot be asked.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task UnregisterAsync(CancellationToken cancellationToken = default)
    {
        Task removed = await OnLane(Unregister).ConfigureAwait(false);
        await removed.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks somebody whether they are there and what they can do.</summary>
    /// <param name="uri">Who.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SipRequestException">No answer came.</exception>
    /// <exception cref="FormatException">The URI is none.</exception>
    public Task<OptionsResult> OptionsAsync(string uri, CancellationToken cancellationToken = default) => OptionsAsync(SipUri.Parse(uri), cancellationToken);

    /// <inheritdoc cref="OptionsAsync(string, CancellationToken)"/>
    public async Task<OptionsResult> OptionsAsync(SipUri uri, CancellationToken cancellationToken = default)
    {
        var waiter = new OptionsWaiter();
        await OnLane(() =>
        {
            _core.Ask(uri, waiter);
            return true;
        }).ConfigureAwait(false);
        return await waiter.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends somebody a text. Several to the same address go one after the other.</summary>
    /// <param name="uri">To whom.</param>
    /// <param name="text">The text; the request with it has 1,300 bytes at most (RFC 3428 8).</param>
    /// <param name="cancellationToken">Ends the waiting; the text may arrive all the same.</param>
    /// <exception cref="SipRequestException">It was not delivered.</exception>
    /// <exception cref="FormatException">The URI is none.</exception>
    public Task<MessageResult> SendMessageAsync(string uri, string text, CancellationToken cancellationToken = default) =>
        SendMessageAsync(SipUri.Parse(uri), text, cancellationToken);

    /// <inheritdoc cref="SendMessageAsync(string, string, CancellationToken)"/>
    public async Task<MessageResult> SendMessageAsync(SipUri uri, string text, CancellationToken cancellationToken = default)
    {
        var waiter = new MessageWaiter();
        await OnLane(() =>
        {
            _core.Send(uri, text, waiter);
            return true;
        }).ConfigureAwait(false);
        return await waiter.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refuses new calls, ends those that are there, removes the registration, and closes everything.</summary>
    /// <remarks>Waits for the other sides' answers, at most <see cref="SipUserAgentOptions.EndTimeout"/>.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        try
        {
            Task ended = await OnLane(EndAll).ConfigureAwait(false);
            await ended.WaitAsync(_options.EndTimeout, _loop.Time).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is TimeoutException or ObjectDisposedException)
        {
            // The other sides do not answer, or the loop has ended: what is left ends with the sockets.
        }

        _incoming.Writer.TryComplete();
        _changes.Writer.TryComplete();
        _messages?.Writer.TryComplete();
        _transfers?.Writer.TryComplete();
        _endpoint.Dispose();
        _ownLoop?.Dispose();
    }

    internal INetworkLoop Loop => _loop;

    internal Task<T> OnLane<T>(Func<T> work) => LaneWork<T>.Run(_loop, work);

    private bool Open()
    {
        var ports = _options.MediaPorts ?? MediaPorts.TryParse(MediaPorts.DefaultRange)!;
        var listen = new SipEndpointOptions
        {
            Tls = _options.Tls,
            Listen = _options.Listen,
            Server = _options.Product,
            Timers = _options.Timers,
            Resolver = _options.Resolver,
            JoinsGroups = true,
            Trace = _options.Trace,
        };
        _endpoint = SipEndpoint.Start(listen, [_loop], lane => _core = new UserAgentCore(lane, ports, _options.ToCoreOptions(), new IncomingCallTaker(this), _messages is null ? null : new MessageTaker(this)));
        if (_transfers is not null) _core.TransferHandler = new TransferTaker(this);
        return true;
    }

    private Task Unregister()
    {
        if (_registration is null or { State: RegistrationState.Unregistered }) return Task.CompletedTask;
        Task removed = _registrationWaiter.WaitForRemoval();
        _registration.Unregister();
        return removed;
    }

    private Task EndAll()
    {
        _isEnding = true;
        List<Task> ends = [EndEvents(), Unregister()];
        foreach (CallLeg leg in _core.Calls)
        {
            if (leg.Observer is Call call) ends.Add(call.Ended);
        }

        _core.HangUpAll();
        return Task.WhenAll(ends);
    }

    /// <summary>Hands calls that come in to whoever enumerates them.</summary>
    private sealed class IncomingCallTaker(SipUserAgent agent) : IIncomingCallHandler
    {
        public void OnIncomingCall(CallLeg leg)
        {
            if (agent._isEnding)
            {
                leg.Reject(480);
                return;
            }

            Call call = Call.Of(leg);
            if (!agent._incoming.Writer.TryWrite(call)) leg.Reject(486);
        }
    }

    /// <summary>Turns what a registration tells into tasks and changes; the lane's.</summary>
    private sealed class RegistrationWaiter(SipUserAgent agent) : IRegistrationObserver
    {
        private TaskCompletionSource<TimeSpan>? _registered;
        private TaskCompletionSource? _removed;

        public Task<TimeSpan> WaitForRegistration() => (_registered ??= new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public Task WaitForRemoval() => (_removed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public void OnRegistered(TimeSpan lifetime)
        {
            Take(ref _registered)?.SetResult(lifetime);
            Tell(new RegistrationChange(RegistrationState.Registered, lifetime));
        }

        public void OnFailed(RegistrationFailure failure, TimeSpan? retryIn)
        {
            Take(ref _registered)?.SetException(new SipRequestException("Registration", failure.StatusCode, failure.ReasonPhrase, failure.Failure));
            Tell(new RegistrationChange(agent.RegistrationState, Failure: failure, RetryIn: retryIn));
        }

        public void OnUnregistered()
        {
            Take(ref _registered)?.SetException(new SipRequestException("Registration", 487, "It was taken back", RequestFailure.Cancelled));
            Take(ref _removed)?.SetResult();
            Tell(new RegistrationChange(RegistrationState.Unregistered));
        }

        private static T? Take<T>(ref T? waiting)
            where T : class
        {
            T? taken = waiting;
            waiting = null;
            return taken;
        }

        private void Tell(RegistrationChange change) => agent._changes.Writer.TryWrite(change);
    }

    /// <summary>Hands texts that come in to whoever enumerates them.</summary>
    private sealed class MessageTaker(SipUserAgent agent) : ITextMessageHandler
    {
        public bool OnMessage(TextMessage message) => !agent._isEnding && agent._messages!.Writer.TryWrite(message);
    }

    /// <summary>Turns the answer to a MESSAGE into a task.</summary>
    private sealed class MessageWaiter(string method = "MESSAGE", string other = "The other side") : IMessageObserver
    {
        private readonly TaskCompletionSource<MessageResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<MessageResult> Result => _result.Task;

        public void OnAnswered(in SipMessageView response)
        {
            string phrase = WireText.From(response.ReasonPhrase);
            if (response.StatusCode < 300) _result.TrySetResult(new MessageResult(response.StatusCode, phrase));
            else _result.TrySetException(new SipRequestException(method, response.StatusCode, phrase, failure: null));
        }

        public void OnFailed(RequestFailure failure)
        {
            (int statusCode, string reasonPhrase) = failure.Describe(other);
            _result.TrySetException(new SipRequestException(method, statusCode, reasonPhrase, failure));
        }
    }

    /// <summary>Turns the answer to an OPTIONS into a task.</summary>
    private sealed class OptionsWaiter : IOptionsObserver
    {
        private readonly TaskCompletionSource<OptionsResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<OptionsResult> Result => _result.Task;

        public void OnAnswered(in SipMessageView response, TimeSpan roundTrip)
        {
            List<string> allow = [];
            foreach (HeaderValue method in response.Values(HeaderId.Allow)) allow.Add(WireText.From(method.Bytes));
            string? product = response.TryGetSingle(HeaderId.Server, out HeaderValue server) == HeaderStatus.Ok ? WireText.From(server.Bytes)
                : response.TryGetSingle(HeaderId.UserAgent, out HeaderValue agent) == HeaderStatus.Ok ? WireText.From(agent.Bytes)
                : null;
            _result.TrySetResult(new OptionsResult(response.StatusCode, WireText.From(response.ReasonPhrase), roundTrip, allow, product));
        }

        public void OnFailed(RequestFailure failure)
        {
            (int statusCode, string reasonPhrase) = failure.Describe("The other side");
            _result.TrySetException(new SipRequestException("OPTIONS", statusCode, reasonPhrase, failure));
        }
    }
}
