using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.Configuration;
using Parley.Server.Events.Lists;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Events;

/// <summary>The subscriptions of one lane: what is watched here, and the NOTIFYs that tell of it.</summary>
/// <remarks>All members are the lane's, but for <see cref="Post"/>. How changes travel between lanes: <see cref="EventStates"/>.</remarks>
internal sealed partial class LaneEvents : INotifierSource, IIncomingCallHandler
{
    private static readonly MediaPorts NoMedia = new(20000, 20001);     // never rented: nobody calls the event server

    private readonly ServerState _server;
    private readonly SipLane _lane;
    private readonly Dictionary<ResourceName, WatchedResource> _watched = [];
    private readonly ArrayBufferWriter<byte> _bindings = new();

    /// <summary>The event server above a lane.</summary>
    public LaneEvents(ServerState server, SipLane lane)
    {
        (_server, _lane) = (server, lane);
        Core = new UserAgentCore(lane, NoMedia, new UserAgentCoreOptions { MaxSubscriptions = server.Configuration.Events.MaxSubscriptions }, this);
        server.Events.Add(this);
    }

    /// <summary>What has the dialogs of the subscriptions.</summary>
    public UserAgentCore Core { get; }

    /// <summary>The lane's number.</summary>
    public int Number => _lane.Number;

    /// <summary>The time.</summary>
    public Instant Now => _lane.Now;

    /// <summary>The loop.</summary>
    public INetworkLoop Loop => _lane.Loop;

    /// <summary>A resource may have changed. Any thread.</summary>
    public void Post(ResourceName name) => _lane.Post(new Change(this, name));

    /// <summary>Accepts a subscription of somebody who may watch.</summary>
    /// <param name="request">The SUBSCRIBE.</param>
    /// <param name="package">The package.</param>
    /// <param name="name">What is watched.</param>
    /// <param name="watcher">Who watches: an address of record.</param>
    public StepResult Subscribe(ref RequestContext request, ServerPackage package, ResourceName name, string watcher)
    {
        ulong id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var record = new Watcher(id, watcher, Number);
        if (!_server.Events.TryWatch(name, record, request.Configuration.Events))
        {
            return request.Reply(new SipReply(503) { Headers = "Retry-After: 60\r\n"u8, ReasonPhrase = "Too Many Subscriptions"u8 });
        }

        WatchedResource resource = GetOrAdd(package, name);
        Notifier? notifier = Core.AcceptSubscription(request.Incoming, package.Package, SubscriptionLimits.Usual(package.Package.DefaultExpiry), this, context: new Watch(resource, record));
        if (notifier is { IsOver: false })
        {
            resource.Begin(notifier);
            OnWatchersChanged(name);
            return StepResult.Done;
        }

        if (notifier is null) _server.Events.Unwatch(name, record);
        RemoveIfUnused(resource);
        return StepResult.Done;
    }

    /// <summary>Ends all subscriptions with a last NOTIFY, whose answer nobody waits for: the server stops.</summary>
    /// <remarks>
    /// The reason is probation: its subscriber comes back after a while. With deactivated it would come at once, to be refused by a server that stops.
    /// Source: RFC 6665 4.1.3.
    /// </remarks>
    public void EndAll()
    {
        foreach (WatchedResource resource in _watched.Values.ToArray())
        {
            foreach (Notifier notifier in resource.Notifiers.ToArray()) notifier.Terminate(TerminationReason.Probation, RefuseWhenStopping.Absence);
        }
    }

    /// <inheritdoc/>
    public NotifyBody Write(Notifier notifier, in SubscriptionStatus status)
    {
        if (notifier.Context is ListWatch list) return ListDocument.Write(list, notifier.NeedsFullState, name => Read(name, out _));
        var watch = (Watch)notifier.Context!;
        WatchedResource resource = watch.Resource;
        if (notifier.NeedsFullState) watch.Told = null;
        byte[] body = resource.Package.WriteChanges(Read(resource.Name, out _), notifier.Version, ref watch.Told);
        if (resource.Package.Package.HasPartialState) notifier.Version++;
        return new NotifyBody(Encoding.ASCII.GetBytes(resource.Package.Package.Body), body);
    }

    /// <inheritdoc/>
    public void OnEnded(Notifier notifier)
    {
        if (notifier.Context is ListWatch list)
        {
            OnListEnded(notifier, list);
            return;
        }

        var watch = (Watch)notifier.Context!;
        WatchedResource resource = watch.Resource;
        resource.Notifiers.Remove(notifier);
        _server.Events.Unwatch(resource.Name, watch.Watcher);
        RemoveIfUnused(resource);
        OnWatchersChanged(resource.Name);
    }

    /// <inheritdoc/>
    public SipFlow? FlowTo(in SipMessageView subscribe, in SipFlow source) => SourceFlow.ToSubscriber(subscribe, source);

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call) => call.Reject(403);

    /// <summary>What the state of a resource is made of, now.</summary>
    /// <param name="name">Which.</param>
    /// <param name="nextChange">When it changes by the time alone.</param>
    public WatchedUser Read(ResourceName name, out Instant nextChange)
    {
        DateTimeOffset wall = Loop.Time.GetUtcNow();
        DateTimeOffset firstEnd = DateTimeOffset.MaxValue;
        List<RegisteredContact> contacts = [];
        foreach (Binding binding in _server.Location.Find(Encoding.UTF8.GetBytes(name.User), _bindings).LiveAt(wall))
        {
            contacts.Add(new RegisteredContact(PushParameters.Shown(binding.Contact), binding.Preference, binding.ExpiresInSeconds(wall), SourceOf(binding)));
            if (binding.ExpiresAt < firstEnd) firstEnd = binding.ExpiresAt;
        }

        contacts.Sort((a, b) => string.CompareOrdinal(a.Uri, b.Uri));      // the order of registration changes with each refresh
        PublishedState[] published = _server.Events.PublishedOf(Now, name, out nextChange);
        Watcher[] watchers = name.Package == EventPackages.PresenceWatchers.Name ? _server.Events.WatchersOf(name with { Package = EventPackages.Presence.Name }) : [];
        if (contacts.Count > 0) nextChange = Instant.Min(nextChange, Now + (firstEnd - wall));
        return new WatchedUser(name.User, contacts, published, watchers, Now)
        {
            Dialogs = name.Package == EventPackages.Dialog.Name ? _server.Dialogs.Of(name.User) : [],
            Voicemail = name.Package == EventPackages.MessageSummary.Name && _server.Voicemail is { } boxes ? boxes.CountOf(name.User) : default,
            ShowsWhom = _server.Configuration.Events.DialogState == DialogState.Full,
        };
    }

    /// <summary>The flow that leads to a device, as <see cref="SourceFlow"/> writes it: the one that it registered over, or the one that its Contact names.</summary>
    private static string SourceOf(scoped in Binding binding)
    {
        if (SourceFlow.TryRead(binding.Source, out SourceFlow source)) return Words(source.Flow);
        return SipUriView.TryParse(binding.Contact, out SipUriView uri) && SipLane.TryLocate(uri, out SipFlow direct) ? Words(direct) : "";
    }

    /// <summary>A flow by its transport and the other side's address.</summary>
    internal static string Words(in SipFlow flow) => $"{Encoding.ASCII.GetString(flow.Transport.ParameterName)}:{flow.Remote}";

    private void OnWatchersChanged(ResourceName name)
    {
        if (name.Package == EventPackages.Presence.Name) _server.Events.Changed(name with { Package = EventPackages.PresenceWatchers.Name });
    }

    private void OnChanged(ResourceName name)
    {
        if (_watched.TryGetValue(name, out WatchedResource? resource)) resource.Look();
    }

    private WatchedResource GetOrAdd(ServerPackage package, ResourceName name)
    {
        if (!_watched.TryGetValue(name, out WatchedResource? resource)) _watched.Add(name, resource = new WatchedResource(this, package, name));
        return resource;
    }

    private void RemoveIfUnused(WatchedResource resource)
    {
        if (resource.Notifiers.Count > 0) return;
        Loop.Schedule(resource, Instant.Never);
        _watched.Remove(resource.Name);
    }

    /// <summary>What a subscription is to, whose it is, and what it was told last.</summary>
    private sealed class Watch(WatchedResource resource, Watcher watcher)
    {
        public object? Told;

        public WatchedResource Resource => resource;

        public Watcher Watcher => watcher;
    }

    private sealed class Change(LaneEvents events, ResourceName name) : ILoopWork
    {
        public void Run(Instant now) => events.OnChanged(name);
    }
}
