using Parley.Core;

namespace Parley.Sip.Events;

/// <summary>What publishers have said of one resource and event, each under its entity tag, until it expires.</summary>
/// <remarks>
/// <code>
///  has a body   SIP-If-Match   Expires 0
///     yes           no            no       initial: a new state with a new tag
///     no            yes           no       refresh: the same state, a new tag
///     yes           yes           no       modify: another state in its place, a new tag
///     no            yes           yes      remove
///     no            no            any      400
/// </code>
/// A tag that names nothing is answered 412. Source: RFC 3903 6, 8.
/// </remarks>
/// <param name="maxStates">How many there may be at a time.</param>
public sealed class PublishedStates(int maxStates)
{
    private readonly List<PublishedState> _states = [];

    /// <summary>What stands, the oldest first.</summary>
    public IReadOnlyList<PublishedState> States => _states;

    /// <summary>When the first of them expires; <see cref="Instant.Never"/> when there is none.</summary>
    public Instant NextExpiry
    {
        get
        {
            Instant next = Instant.Never;
            foreach (PublishedState state in _states) next = Instant.Min(next, state.Expiry);
            return next;
        }
    }

    /// <summary>Applies a PUBLISH whose event, body and duration were checked.</summary>
    /// <param name="now">The time.</param>
    /// <param name="ifMatch">Value of SIP-If-Match; empty for none.</param>
    /// <param name="duration">What is granted; 0 removes.</param>
    /// <param name="body">The body; null for none.</param>
    /// <param name="newTag">The tag that the state has from now on.</param>
    /// <param name="publisher">Who publishes, in the words of who asks.</param>
    public PublishResult Apply(Instant now, ReadOnlySpan<byte> ifMatch, TimeSpan duration, byte[]? body, byte[] newTag, string publisher)
    {
        RemoveExpired(now);
        if (ifMatch.IsEmpty)
        {
            if (body is null) return PublishResult.NoBody;
            if (duration <= TimeSpan.Zero) return PublishResult.Unchanged;      // said, and over at once
            if (_states.Count >= maxStates) return PublishResult.TooMany;
            _states.Add(new PublishedState(newTag, now + duration, body, publisher));
            return PublishResult.Changed;
        }

        int index = IndexOf(ifMatch);
        if (index < 0) return PublishResult.NoMatch;
        if (duration <= TimeSpan.Zero)
        {
            _states.RemoveAt(index);
            return PublishResult.Changed;
        }

        bool isSame = body is null || body.AsSpan().SequenceEqual(_states[index].Body);
        _states[index] = new PublishedState(newTag, now + duration, body ?? _states[index].Body, publisher);
        return isSame ? PublishResult.Unchanged : PublishResult.Changed;
    }

    /// <summary>Forgets what has expired.</summary>
    /// <returns>True when something had.</returns>
    public bool RemoveExpired(Instant now) => _states.RemoveAll(state => now >= state.Expiry) > 0;

    private int IndexOf(ReadOnlySpan<byte> tag)
    {
        for (int i = 0; i < _states.Count; i++)
        {
            if (_states[i].Tag.AsSpan().SequenceEqual(tag)) return i;
        }

        return -1;
    }
}

/// <summary>One published state.</summary>
/// <param name="Tag">Its entity tag.</param>
/// <param name="Expiry">Until when it stands.</param>
/// <param name="Body">The body.</param>
/// <param name="Publisher">Who published it last.</param>
public sealed record PublishedState(byte[] Tag, Instant Expiry, byte[] Body, string Publisher);

/// <summary>What became of a PUBLISH.</summary>
public enum PublishResult
{
    /// <summary>Done, and what watchers see may be another: 200.</summary>
    Changed,

    /// <summary>Done, and nothing is another but the tag: 200.</summary>
    Unchanged,

    /// <summary>The tag names nothing: 412 (Conditional Request Failed).</summary>
    NoMatch,

    /// <summary>There is nothing to publish: 400 (Bad Request).</summary>
    NoBody,

    /// <summary>There are as many as there may be: 503 with Retry-After.</summary>
    TooMany,
}
