using System.Text;
using Parley.Core;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Events.Dialogs;
using Parley.Sip.Events;

namespace Parley.Server.Events;

/// <summary>One thing that can be watched: an event of one of our users.</summary>
/// <param name="Package">The event type.</param>
/// <param name="User">The canonical address of record.</param>
internal readonly record struct ResourceName(string Package, string User);

/// <summary>Somebody who watches a resource.</summary>
/// <param name="Id">The name of the subscription.</param>
/// <param name="Uri">Who.</param>
/// <param name="Lane">The lane that has the subscription.</param>
internal sealed record Watcher(ulong Id, string Uri, int Lane);

/// <summary>What the lanes share of events: what was published, and who watches what on which lane.</summary>
/// <remarks>
/// A subscription stays in the lane of its Call-ID, while its resource may change on every lane: by a PUBLISH or a REGISTER that came to another one. Whoever changes
/// a resource calls <see cref="Changed"/>, which posts its name to each lane that has watchers; that lane composes the state and tells them. SUBSCRIBE and
/// PUBLISH take the lock here for a few dictionary accesses. A REGISTER takes it only when somebody watches that user (<see cref="OnRegistered"/>).
/// </remarks>
internal sealed class EventStates
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ResourceName, Resource> _resources = [];
    private readonly Dictionary<string, int> _perWatcher = new(StringComparer.Ordinal);
    private readonly UserCounts _contactWatchers = new();
    private readonly List<LaneEvents> _lanes = [];
    private int _watchers;
    private int _published;

    /// <summary>The state of the events.</summary>
    public EventStates() => Dialogs = new DialogStates(this);

    /// <summary>The calls of those whose calls somebody watches.</summary>
    public DialogStates Dialogs { get; }

    /// <summary>Adds a lane, before any request comes.</summary>
    public void Add(LaneEvents lane)
    {
        lock (_gate) _lanes.Add(lane);
    }

    /// <summary>Adds somebody who watches.</summary>
    /// <returns>False when there are as many as there may be, in all or of this one.</returns>
    public bool TryWatch(ResourceName name, Watcher watcher, EventOptions limits)
    {
        lock (_gate)
        {
            int own = _perWatcher.GetValueOrDefault(watcher.Uri);
            if (_watchers >= limits.MaxSubscriptions || own >= limits.MaxSubscriptionsPerUser) return false;
            _perWatcher[watcher.Uri] = own + 1;
            _watchers++;
            if (ShowsContacts(name.Package)) _contactWatchers.Add(name.User, 1);
            GetOrAdd(name).Watchers.Add(watcher);
            return true;
        }
    }

    /// <summary>Removes somebody who watched.</summary>
    public void Unwatch(ResourceName name, Watcher watcher)
    {
        lock (_gate)
        {
            if (!_resources.TryGetValue(name, out Resource? resource) || !resource.Watchers.Remove(watcher)) return;
            _watchers--;
            if (ShowsContacts(name.Package)) _contactWatchers.Add(name.User, -1);
            if (--_perWatcher[watcher.Uri] == 0) _perWatcher.Remove(watcher.Uri);
            RemoveIfEmpty(name, resource);
        }
    }

    /// <summary>Who watches a resource.</summary>
    public Watcher[] WatchersOf(ResourceName name)
    {
        lock (_gate) return _resources.TryGetValue(name, out Resource? resource) ? [.. resource.Watchers] : [];
    }

    /// <summary>Applies a PUBLISH.</summary>
    /// <inheritdoc cref="PublishedStates.Apply"/>
    public PublishResult Publish(Instant now, ResourceName name, ReadOnlySpan<byte> ifMatch, TimeSpan duration, byte[]? body, byte[] newTag, string publisher, EventOptions limits)
    {
        lock (_gate)
        {
            if (ifMatch.IsEmpty && _published >= limits.MaxPublications && RemoveExpired(now) == 0) return PublishResult.TooMany;
            Resource resource = GetOrAdd(name);
            int before = resource.Published.States.Count;
            PublishResult result = resource.Published.Apply(now, ifMatch, duration, body, newTag, publisher);
            _published += resource.Published.States.Count - before;
            RemoveIfEmpty(name, resource);
            return result;
        }
    }

    /// <summary>What stands of what was published, and when the first of it ends.</summary>
    public PublishedState[] PublishedOf(Instant now, ResourceName name, out Instant nextExpiry)
    {
        nextExpiry = Instant.Never;
        lock (_gate)
        {
            if (!_resources.TryGetValue(name, out Resource? resource)) return [];
            int before = resource.Published.States.Count;
            resource.Published.RemoveExpired(now);
            _published += resource.Published.States.Count - before;
            nextExpiry = resource.Published.NextExpiry;
            return [.. resource.Published.States];
        }
    }

    /// <summary>A resource may be another than it was: every lane with watchers looks. Any thread.</summary>
    public void Changed(ResourceName name)
    {
        lock (_gate)
        {
            if (!_resources.TryGetValue(name, out Resource? resource)) return;
            foreach (LaneEvents lane in _lanes)
            {
                if (resource.Watchers.Exists(watcher => watcher.Lane == lane.Number)) lane.Post(name);
            }
        }
    }

    /// <summary>The contacts of a user may be others than they were. Any thread; no lock and no allocation for whom nobody watches.</summary>
    public void OnRegistered(ReadOnlySpan<byte> addressOfRecord)
    {
        if (!_contactWatchers.HasAny(addressOfRecord)) return;
        string user = Encoding.UTF8.GetString(addressOfRecord);
        Changed(new ResourceName(EventPackages.Presence.Name, user));
        Changed(new ResourceName(EventPackages.Registration.Name, user));
    }

    private static bool ShowsContacts(string package) => package == EventPackages.Presence.Name || package == EventPackages.Registration.Name;

    private Resource GetOrAdd(ResourceName name)
    {
        if (!_resources.TryGetValue(name, out Resource? resource)) _resources.Add(name, resource = new Resource());
        return resource;
    }

    private void RemoveIfEmpty(ResourceName name, Resource resource)
    {
        if (resource.Watchers.Count == 0 && resource.Published.States.Count == 0) _resources.Remove(name);
    }

    private int RemoveExpired(Instant now)
    {
        int removed = 0;
        foreach ((ResourceName name, Resource resource) in _resources.ToArray())
        {
            int before = resource.Published.States.Count;
            resource.Published.RemoveExpired(now);
            removed += before - resource.Published.States.Count;
            RemoveIfEmpty(name, resource);
        }

        _published -= removed;
        return removed;
    }

    private sealed class Resource
    {
        private const int MaxPublications = 16;     // of one user: his devices

        public PublishedStates Published { get; } = new(MaxPublications);

        public List<Watcher> Watchers { get; } = [];
    }
}
