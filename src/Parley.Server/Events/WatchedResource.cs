using Parley.Core;
using Parley.Net;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Events;

/// <summary>A resource that somebody on a lane watches: compares what was told with what is, when it may have changed and when time changes it.</summary>
internal sealed class WatchedResource(LaneEvents events, ServerPackage package, ResourceName name) : LoopTimer
{
    private byte[] _told = [];

    /// <summary>Which it is.</summary>
    public ResourceName Name { get; } = name;

    /// <summary>Its package.</summary>
    public ServerPackage Package { get; } = package;

    /// <summary>The subscriptions.</summary>
    public List<Notifier> Notifiers { get; } = [];

    /// <summary>Somebody begins to watch: what is there now is what is told.</summary>
    public void Begin(Notifier notifier)
    {
        Notifiers.Add(notifier);
        if (Notifiers.Count == 1) Look();
    }

    /// <summary>Tells who watches when the state is another than it was.</summary>
    public void Look()
    {
        byte[] state = Package.Write(events.Read(Name, out Instant nextChange), version: null);
        events.Loop.Schedule(this, nextChange);
        if (state.AsSpan().SequenceEqual(_told)) return;
        bool isFirst = _told.Length == 0;
        _told = state;
        if (isFirst) return;
        foreach (Notifier notifier in Notifiers.ToArray()) notifier.OnChanged();
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now) => Look();
}
