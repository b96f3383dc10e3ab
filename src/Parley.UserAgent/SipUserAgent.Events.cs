using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Publications;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent;

/// <remarks>Events: what others' state is, and what this side publishes. Source: RFC 6665, RFC 3903.</remarks>
public sealed partial class SipUserAgent
{
    private const int MaxWaitingNotifications = 256;

    private readonly HashSet<SubscriptionReader> _readers = [];        // both are the lane's
    private readonly HashSet<PublishedEvent> _published = [];

    /// <summary>Subscribes to somebody's state and gives what is told of it, from the first NOTIFY until the subscription ends.</summary>
    /// <param name="uri">Whose.</param>
    /// <param name="eventType">The event type: <c>presence</c>, <c>dialog</c>, <c>message-summary</c>.</param>
    /// <param name="options">How; defaults when absent.</param>
    /// <param name="cancellationToken">Ends the subscription, as does leaving the loop.</param>
    /// <returns>
    /// The notifications in order; the oldest of 256 that nobody takes are dropped. The sequence ends when the notifier ends the subscription and it is not to be
    /// made anew (<see cref="SubscribeOptions.KeepsTrying"/>), and at once after the first with an expiry of 0.
    /// </returns>
    /// <exception cref="SipRequestException">The subscription was refused, or nobody answered.</exception>
    /// <exception cref="ArgumentException">The URI is no SIP URI, the event type no token, or an option is not allowed.</exception>
    public async IAsyncEnumerable<Notification> SubscribeAsync(
        SipUri uri, string eventType, SubscribeOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new SubscriptionReader(this);
        await OnLane(() =>
        {
            ObjectDisposedException.ThrowIf(_isEnding, this);
            reader.Subscription = _core.Subscribe(uri, eventType, options ?? new SubscribeOptions(), reader);
            if (!reader.Ended.IsCompleted) _readers.Add(reader);
            return true;
        }).ConfigureAwait(false);
        try
        {
            await foreach (Notification notification in reader.Notifications.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return notification;
        }
        finally
        {
            await EndAsync(reader).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="SubscribeAsync(SipUri, string, SubscribeOptions?, CancellationToken)"/>
    public IAsyncEnumerable<Notification> SubscribeAsync(string uri, string eventType, SubscribeOptions? options = null, CancellationToken cancellationToken = default) =>
        SubscribeAsync(SipUri.Parse(uri), eventType, options, cancellationToken);

    /// <summary>Publishes a state of the identity, and keeps it published until it is removed or the agent ends.</summary>
    /// <param name="eventType">The event type: <c>presence</c>.</param>
    /// <param name="contentType">Media type of the state: <c>application/pidf+xml</c>.</param>
    /// <param name="body">The state.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What was published, to be changed and removed.</returns>
    /// <exception cref="SipRequestException">It was refused, or nobody answered.</exception>
    /// <exception cref="InvalidOperationException">The agent has no identity.</exception>
    public async Task<PublishedEvent> PublishAsync(string eventType, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        SipUri identity = _options.Identity ?? throw new InvalidOperationException("Only an identity has a state.");
        var published = new PublishedEvent(this);
        Task done = await OnLane(() =>
        {
            published.Publication = _core.CreatePublication(identity, eventType, TimeSpan.FromHours(1), published);
            _published.Add(published);
            return published.Publish(contentType, body);
        }).ConfigureAwait(false);
        await done.WaitAsync(cancellationToken).ConfigureAwait(false);
        return published;
    }

    /// <summary>Reports something to a collector, once: by a PUBLISH that is not kept up.</summary>
    /// <param name="collector">The collector's URI.</param>
    /// <param name="eventType">The event type: <c>vq-rtcpxr</c>.</param>
    /// <param name="contentType">Media type of the report.</param>
    /// <param name="body">The report.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SipRequestException">It was refused, or nobody answered.</exception>
    /// <exception cref="ArgumentException">The URI is no SIP URI, or the event type no token.</exception>
    /// <remarks>Source: RFC 6035 3.2.</remarks>
    public async Task ReportAsync(SipUri collector, string eventType, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        var waiter = new MessageWaiter("PUBLISH", "The collector");
        await OnLane(() =>
        {
            _core.Report(collector, eventType, contentType, body.ToArray(), waiter);
            return true;
        }).ConfigureAwait(false);
        await waiter.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    internal void Forget(PublishedEvent published) => _published.Remove(published);

    private async Task EndAsync(SubscriptionReader reader)
    {
        try
        {
            await OnLane(() =>
            {
                reader.Subscription?.Unsubscribe();
                return true;
            }).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The agent has ended, and the subscription with it.
        }
    }

    private Task EndEvents()
    {
        List<Task> ends = [];
        foreach (SubscriptionReader reader in _readers.ToArray())
        {
            ends.Add(reader.Ended);
            reader.Subscription?.Unsubscribe();
        }

        foreach (PublishedEvent published in _published.ToArray()) ends.Add(published.Remove());
        return Task.WhenAll(ends);
    }

    /// <summary>Turns what a subscription tells into a sequence; the lane writes, the program reads.</summary>
    private sealed class SubscriptionReader(SipUserAgent agent) : ISubscriptionObserver
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Channel<Notification> _notifications = Channel.CreateBounded<Notification>(
            new BoundedChannelOptions(MaxWaitingNotifications) { FullMode = BoundedChannelFullMode.DropOldest });

        public ChannelReader<Notification> Notifications => _notifications.Reader;

        public Subscription? Subscription { get; set; }

        public Task Ended => _ended.Task;

        public void OnNotified(Subscription subscription, Notification notification) => _notifications.Writer.TryWrite(notification);

        public void OnEnded(Subscription subscription, SubscriptionEnd end, TimeSpan? retryIn)
        {
            if (retryIn is not null) return;
            string phrase = end.StatusCode == 408 ? "Nobody answers" : WireText.From(ReasonPhrases.Get(end.StatusCode));
            _notifications.Writer.TryComplete(end.StatusCode < 300 ? null : new SipRequestException("SUBSCRIBE", end.StatusCode, phrase, failure: null));
            _ended.TrySetResult();
            agent._readers.Remove(this);
        }
    }
}
