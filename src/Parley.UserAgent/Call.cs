using System.Threading.Channels;
using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent;

/// <summary>A call, incoming or outgoing: what it is doing, and what can be done with it. Safe on every thread.</summary>
/// <remarks>
/// The tasks complete on their own; <see cref="Events"/> tells everything in order. A method's token ends the waiting, not the
/// call. Who loses interest in a call hangs up: the agent does so for all when it is disposed.
/// </remarks>
public sealed partial class Call : ICallObserver
{
    private const int MaxEvents = 256;

    private readonly INetworkLoop _loop;
    private readonly TaskCompletionSource _ringing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sourceEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CallEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<TaskCompletionSource> _digitsSent = [];     // the lane's
    private readonly Channel<CallEvent> _events = Channel.CreateBounded<CallEvent>(
        new BoundedChannelOptions(MaxEvents) { FullMode = BoundedChannelFullMode.DropOldest });
    private volatile CallLeg? _leg;

    internal Call(INetworkLoop loop, bool isIncoming, string callId, string remoteUri, string remoteDisplayName, string requestUri)
    {
        (_loop, IsIncoming, CallId, RemoteUri, RemoteDisplayName, RequestUri) = (loop, isIncoming, callId, remoteUri, remoteDisplayName, requestUri);
        // Nobody has to await the answer of a call.
        _ = _answered.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>True when the other side called.</summary>
    public bool IsIncoming { get; }

    /// <summary>The Call-ID.</summary>
    public string CallId { get; private set; }

    /// <summary>Incoming: the call of this agent whose place it takes when it is answered; null for none. It is answered without ringing.</summary>
    /// <remarks>Source: RFC 3891.</remarks>
    public Call? Replaced { get; internal set; }

    /// <summary>Who the other side is: of an incoming call the URI of From, else what was called.</summary>
    public string RemoteUri { get; }

    /// <summary>The name that the caller gives itself; empty when it gives none, or the call is outgoing.</summary>
    public string RemoteDisplayName { get; }

    /// <summary>Who is called.</summary>
    public string RequestUri { get; }

    /// <summary>Where the call is at this moment.</summary>
    public CallState State => _leg?.State ?? (_ended.Task.IsCompleted ? CallState.Ended : CallState.Calling);

    /// <summary>When it was answered, by the wall clock; null before.</summary>
    public DateTimeOffset? AnsweredAt { get; private set; }

    /// <summary>Completes when the other side rings (180) or sends sound before the answer, and at the latest when the call is answered or ends.</summary>
    public Task Ringing => _ringing.Task;

    /// <summary>Completes when the call is answered and both sides know it.</summary>
    /// <exception cref="CallFailedException">It ended before.</exception>
    public Task Answered => _answered.Task;

    /// <summary>Completes when the source has ended and its last packet was sent, and at the latest when the call ends.</summary>
    public Task SourceEnded => _sourceEnded.Task;

    /// <summary>Completes when the call is over and the sink has got all that came.</summary>
    public Task<CallEnd> Ended => _ended.Task;

    /// <summary>All that happens, in order, up to <see cref="CallEnded"/>; may be enumerated once.</summary>
    /// <remarks>When nobody takes them, the oldest of 256 are dropped.</remarks>
    public IAsyncEnumerable<CallEvent> Events => _events.Reader.ReadAllAsync();

    /// <summary>How the media goes, or how it went.</summary>
    /// <value>Null when there was none.</value>
    public Task<AudioStatistics?> GetStatisticsAsync() =>
        _ended.Task.IsCompleted ? Task.FromResult(_leg?.Statistics) : OnLane(() => _leg?.Statistics);

    /// <summary>Incoming: tells the caller that it rings.</summary>
    /// <exception cref="InvalidOperationException">The call does not wait for an answer.</exception>
    public async Task RingAsync()
    {
        if (!await OnLane(() => _leg!.Ring()).ConfigureAwait(false)) throw Misplaced();
    }

    /// <summary>Incoming: lets the caller hear something before the call is answered, by 183 with a description; the same audio goes on after the answer.</summary>
    /// <param name="audio">What is said and heard.</param>
    /// <exception cref="InvalidOperationException">The call does not wait for an answer, or has early media already.</exception>
    /// <remarks>Source: RFC 3960.</remarks>
    public async Task ProgressAsync(CallAudio audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (!await OnLane(() => _leg!.Progress(audio)).ConfigureAwait(false) && !_ended.Task.IsCompleted) throw Misplaced();
    }

    /// <summary>Incoming: answers, and waits until the caller has confirmed it.</summary>
    /// <param name="audio">What is said and who hears the caller; null for silence.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">The call does not wait for an answer.</exception>
    /// <exception cref="CallFailedException">It ended before the answer was confirmed.</exception>
    public async Task AnswerAsync(CallAudio? audio = null, CancellationToken cancellationToken = default)
    {
        bool isAnswered = await OnLane(() => _leg!.Answer(audio ?? CallAudio.None)).ConfigureAwait(false);
        if (!isAnswered && !_ended.Task.IsCompleted) throw Misplaced();
        await _answered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Incoming: refuses.</summary>
    /// <param name="statusCode">300 to 699: 486 is busy, 603 declines for all phones of the user, 480 cannot be reached.</param>
    /// <param name="reasonPhrase">Null for the usual one.</param>
    /// <exception cref="ArgumentException">The status is none of these, or the phrase has a CR or LF. The call is as it was.</exception>
    /// <exception cref="InvalidOperationException">The call does not wait for an answer.</exception>
    public async Task RejectAsync(int statusCode = 603, string? reasonPhrase = null)
    {
        CallLeg.ThrowIfNoRefusal(statusCode, reasonPhrase);
        if (!await OnLane(() => _leg!.Reject(statusCode, reasonPhrase)).ConfigureAwait(false)) throw Misplaced();
    }

    /// <summary>Ends the call as its state asks for (CANCEL, BYE or 603), and waits until the other side has confirmed it.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How the call ended; when it had ended before, how it did.</returns>
    public async Task<CallEnd> HangUpAsync(CancellationToken cancellationToken = default)
    {
        if (!_ended.Task.IsCompleted) await OnLane(HangUp).ConfigureAwait(false);
        return await _ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>True while this side has put the other one on hold.</summary>
    public bool IsHolding => _leg?.IsHolding ?? false;

    /// <summary>True while the other side has put this one on hold.</summary>
    public bool IsHeld => _leg?.IsHeld ?? false;

    /// <summary>Puts the other side on hold: it is asked to send nothing, and hears nothing. Does nothing when it is on hold.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">The call is not established, or too many changes wait.</exception>
    /// <exception cref="SipRequestException">The other side refused; all is as it was.</exception>
    /// <remarks>Source: RFC 3264 8.4.</remarks>
    public Task HoldAsync(CancellationToken cancellationToken = default) => HoldAsync(isHolding: true, cancellationToken);

    /// <summary>Talks to the other side again. Does nothing when it is not on hold.</summary>
    /// <inheritdoc cref="HoldAsync(CancellationToken)"/>
    public Task ResumeAsync(CancellationToken cancellationToken = default) => HoldAsync(isHolding: false, cancellationToken);

    /// <summary>Asks the other side to call somebody else instead (a blind transfer), waits for what becomes of it, and hangs up when it has.</summary>
    /// <param name="target">Who is to be called.</param>
    /// <param name="progress">Hears how far it comes, as <see cref="Events"/> tells too; null for nobody.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">The call is not established.</exception>
    /// <exception cref="SipRequestException">The other side refused, or did not reach the target. The call goes on.</exception>
    /// <remarks>Source: RFC 3515, RFC 5589 6.</remarks>
    public Task TransferAsync(SipUri target, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        return TransferAsync((leg, waiter) => leg.Transfer(target, waiter), progress, cancellationToken);
    }

    /// <summary>Connects the other sides of two calls with each other (an attended transfer): this one's calls that one's, in the place of this agent.</summary>
    /// <param name="other">Another established call of this agent; it ends by itself.</param>
    /// <param name="progress">Hears how far it comes; null for nobody.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">One of the calls is not established.</exception>
    /// <exception cref="SipRequestException">The other side refused, or did not reach the target. Both calls go on.</exception>
    /// <remarks>Source: RFC 3891, RFC 5589 7.</remarks>
    public Task TransferAsync(Call other, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(other);
        return TransferAsync((leg, waiter) => other._leg is { } target && leg.Transfer(target, waiter), progress, cancellationToken);
    }

    /// <summary>Presses keys, and waits until all have been sent.</summary>
    /// <param name="digits">0-9, *, #, A-D; at most 64 at once.</param>
    /// <param name="by">How they travel.</param>
    /// <param name="cancellationToken">Ends the waiting; the keys are sent all the same.</param>
    /// <exception cref="ArgumentException">Something is no digit.</exception>
    /// <exception cref="InvalidOperationException">The call is not established, the other side takes no digits with the sound (RFC 4733), or too many wait.</exception>
    /// <exception cref="SipRequestException">The other side refused an INFO; the keys behind it were not sent.</exception>
    public async Task SendDtmfAsync(string digits, KeyTransport by, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(digits);
        foreach (char digit in digits)
        {
            if (!"0123456789*#ABCDabcd".Contains(digit, StringComparison.Ordinal)) throw new ArgumentException($"'{digit}' is no digit: 0-9, *, #, A-D.", nameof(digits));
        }

        if (digits.Length == 0) return;
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isTaken = await OnLane(() =>
        {
            if (!_leg!.SendDigits(digits, by, (status, phrase) => Answer(sent, status, phrase))) return false;
            if (by is KeyTransport.Rtp or KeyTransport.Tones) _digitsSent.Enqueue(sent);
            return true;
        }).ConfigureAwait(false);
        if (!isTaken) throw new InvalidOperationException($"The call is {State} or the other side takes no digits.");
        await sent.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Presses keys that travel with the sound, and waits until all have been sent.</summary>
    /// <inheritdoc cref="SendDtmfAsync(string, KeyTransport, CancellationToken)"/>
    public Task SendDtmfAsync(string digits, CancellationToken cancellationToken = default) => SendDtmfAsync(digits, KeyTransport.Rtp, cancellationToken);

    /// <summary>Sends a program at the other side something in the dialog of the call, and waits for its answer.</summary>
    /// <param name="info">What.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">A value is not allowed.</exception>
    /// <exception cref="InvalidOperationException">The call is not established, or the other side has not said that it takes the package.</exception>
    /// <exception cref="SipRequestException">The other side refused, or did not answer.</exception>
    /// <remarks>Source: RFC 6086.</remarks>
    public async Task SendInfoAsync(InfoMessage info, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(info);
        info.Validate();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isTaken = await OnLane(() => _leg is { } leg && leg.SendInfo(info, (status, phrase) => Answer(sent, status, phrase))).ConfigureAwait(false);
        if (!isTaken) throw new InvalidOperationException($"The call is {State}, or the other side does not take {info.Package}.");
        await sent.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A call that came in, for who wants to await things and not to be called back: it becomes the call's observer.</summary>
    /// <param name="call">The call as an <see cref="IIncomingCallHandler"/> gets it; on its lane.</param>
    public static Call Of(CallLeg call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var made = new Call(call.Loop, isIncoming: true, call.CallId, call.RemoteUri, call.RemoteDisplayName, call.RequestUri);
        made.Attach(call);
        made.Replaced = call.Replaced?.Observer as Call;
        call.Observer = made;
        return made;
    }

    /// <summary>Direction, the other side and the state, for people.</summary>
    public override string ToString() => $"{(IsIncoming ? "from" : "to")} {RemoteUri}: {State}";

    internal void Attach(CallLeg leg) => (_leg, CallId) = (leg, leg.CallId);

    internal void OnNotStarted(CallEnd end) => Complete(end);

    void ICallObserver.OnStarted(CallLeg call) => Attach(call);

    void ICallObserver.OnProgress(CallLeg call, int statusCode, string reasonPhrase, bool hasEarlyMedia)
    {
        if (statusCode == 180 || hasEarlyMedia) _ringing.TrySetResult();
        _events.Writer.TryWrite(new CallProgress(statusCode, reasonPhrase, hasEarlyMedia));
    }

    void ICallObserver.OnRedirected(CallLeg call, string uri) => _events.Writer.TryWrite(new CallRedirected(uri));

    void ICallObserver.OnEstablished(CallLeg call)
    {
        AnsweredAt = _loop.Time.GetUtcNow();
        _events.Writer.TryWrite(new CallAnswered(call.Codec ?? ""));
        _ringing.TrySetResult();
        _answered.TrySetResult();
    }

    void ICallObserver.OnHeld(CallLeg call, bool isHeld) => _events.Writer.TryWrite(new CallHeld(isHeld));

    void ICallObserver.OnReplaced(CallLeg call, CallLeg by) => _events.Writer.TryWrite(new CallReplaced(by.Observer as Call));

    void ICallObserver.OnDigit(CallLeg call, char digit, TimeSpan duration) => _events.Writer.TryWrite(new DigitReceived(digit, duration));

    void ICallObserver.OnInfo(CallLeg call, InfoMessage info) => _events.Writer.TryWrite(new CallInfo(info));

    void ICallObserver.OnQuality(CallLeg call, in QualityInterval interval) => _events.Writer.TryWrite(new CallQualityMeasured(interval));

    void ICallObserver.OnDigitsSent(CallLeg call)
    {
        if (_digitsSent.TryDequeue(out TaskCompletionSource? sent)) sent.TrySetResult();
    }

    void ICallObserver.OnSourceEnded(CallLeg call)
    {
        _events.Writer.TryWrite(new SourceEnded());
        _sourceEnded.TrySetResult();
    }

    void ICallObserver.OnEnded(CallLeg call, CallEnd end) => Complete(end);

    private async Task TransferAsync(Func<CallLeg, TransferWaiter, bool> start, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var waiter = new TransferWaiter(new TransferReport(this, progress));
        if (!await OnLane(() => _leg is { } leg && start(leg, waiter)).ConfigureAwait(false)) throw new InvalidOperationException($"The call is {State}, or the other one is not established.");
        await waiter.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
        await HangUpAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task HoldAsync(bool isHolding, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isTaken = await OnLane(() => _leg is { } leg && leg.Hold(isHolding, (statusCode, reasonPhrase) =>
        {
            if (statusCode < 300) done.TrySetResult();
            else done.TrySetException(new SipRequestException(isHolding ? "Hold" : "Resume", statusCode, reasonPhrase, failure: null));
        })).ConfigureAwait(false);
        if (!isTaken) throw new InvalidOperationException($"The call is {State}, or too many changes wait.");
        await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task<T> OnLane<T>(Func<T> work) => LaneWork<T>.Run(_loop, work);

    private bool HangUp()
    {
        _leg?.HangUp();
        return true;
    }

    private void Complete(CallEnd end)
    {
        _events.Writer.TryWrite(new CallEnded(end));
        _events.Writer.TryComplete();
        _ringing.TrySetResult();
        _answered.TrySetException(new CallFailedException(end));
        _sourceEnded.TrySetResult();
        while (_digitsSent.TryDequeue(out TaskCompletionSource? sent)) sent.TrySetException(new CallFailedException(end));
        _ended.TrySetResult(end);
    }

    private static void Answer(TaskCompletionSource sent, int status, string phrase)
    {
        if (status < 300) sent.TrySetResult();
        else sent.TrySetException(new SipRequestException("INFO", status, phrase, failure: null));
    }

    private InvalidOperationException Misplaced() => new($"The call is {State}: it does not wait for an answer.");

    /// <summary>Tells how far a transfer has come, among the events of its call too.</summary>
    private sealed class TransferReport(Call call, IProgress<TransferProgress>? progress) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            call._events.Writer.TryWrite(new CallTransferring(value));
            progress?.Report(value);
        }
    }
}
