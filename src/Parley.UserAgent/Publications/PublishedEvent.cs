using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Publications;

/// <summary>A state that an agent has published and keeps published. Safe on every thread.</summary>
public sealed class PublishedEvent : IPublicationObserver, IAsyncDisposable
{
    private readonly SipUserAgent _agent;
    private TaskCompletionSource? _published;      // both are the lane's
    private TaskCompletionSource? _removed;

    internal PublishedEvent(SipUserAgent agent) => _agent = agent;

    internal Publication Publication { get; set; } = null!;

    /// <summary>Publishes another state in its place.</summary>
    /// <param name="contentType">Its media type.</param>
    /// <param name="body">The state.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SipRequestException">It was refused, or nobody answered.</exception>
    public async Task PublishAsync(string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        Task done = await _agent.OnLane(() => Publish(contentType, body)).ConfigureAwait(false);
        await done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the state.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task RemoveAsync(CancellationToken cancellationToken = default)
    {
        Task done = await _agent.OnLane(Remove).ConfigureAwait(false);
        await done.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes the state, where the agent has not ended and removed it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await RemoveAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The agent removes what it published when it ends.
        }
    }

    void IPublicationObserver.OnPublished(Publication publication, TimeSpan lifetime)
    {
        _published?.TrySetResult();
        _published = null;
    }

    void IPublicationObserver.OnFailed(Publication publication, int statusCode, string reasonPhrase, RequestFailure? failure, TimeSpan? retryIn)
    {
        if (retryIn is null) _agent.Forget(this);
        _published?.TrySetException(new SipRequestException("PUBLISH", statusCode, reasonPhrase, failure));
        _published = null;
    }

    void IPublicationObserver.OnRemoved(Publication publication)
    {
        _agent.Forget(this);
        _removed?.TrySetResult();
        _removed = null;
    }

    internal Task Publish(string contentType, ReadOnlyMemory<byte> body)
    {
        _published ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task done = _published.Task;
        Publication.Publish(contentType, body.Span);
        return done;
    }

    internal Task Remove()
    {
        _removed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task done = _removed.Task;
        Publication.Remove();
        return done;
    }
}
