using System.Security.Cryptography;
using Parley.Endpoint.Sip;
using Parley.Server.Events.Lists;
using Parley.Server.Proxy;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Events;

/// <remarks>Subscriptions to lists: one dialog for the states of many. Source: RFC 4662.</remarks>
internal sealed partial class LaneEvents
{
    /// <summary>Accepts a subscription to a list.</summary>
    /// <param name="request">The SUBSCRIBE.</param>
    /// <param name="package">The package.</param>
    /// <param name="uri">The list.</param>
    /// <param name="members">Its members, with those that this watcher may not see.</param>
    /// <param name="watcher">Who watches: an address of record.</param>
    public StepResult SubscribeList(ref RequestContext request, ServerPackage package, string uri, IReadOnlyList<ListMember> members, string watcher)
    {
        var list = new ListWatch(package, uri);
        foreach (ListMember member in members)
        {
            if (member.User is null)
            {
                list.Members.Add(new WatchedMember(member.Uri) { Refusal = member.Refusal });
                continue;
            }

            var name = new ResourceName(package.Package.Name, member.User);
            var record = new Watcher(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), watcher, Number);
            if (!_server.Events.TryWatch(name, record, request.Configuration.Events))
            {
                Release(list);
                return request.Reply(new SipReply(503) { Headers = "Retry-After: 60\r\n"u8, ReasonPhrase = "Too Many Subscriptions"u8 });
            }

            list.Members.Add(new WatchedMember(member.Uri) { Resource = GetOrAdd(package, name), Watcher = record });
        }

        Notifier? notifier = Core.AcceptSubscription(
            request.Incoming, package.Package, SubscriptionLimits.Usual(package.Package.DefaultExpiry), this, context: list, headers: ListDocument.RequireRow.ToArray());
        if (notifier is null) Release(list);
        if (notifier is not { IsOver: false }) return StepResult.Done;
        foreach (WatchedMember member in list.Members)
        {
            if (member.Resource is not { } resource) continue;
            resource.Begin(notifier);
            OnWatchersChanged(resource.Name);
        }

        return StepResult.Done;
    }

    private void OnListEnded(Notifier notifier, ListWatch list)
    {
        foreach (WatchedMember member in list.Members) member.Resource?.Notifiers.Remove(notifier);
        Release(list);
    }

    private void Release(ListWatch list)
    {
        foreach (WatchedMember member in list.Members)
        {
            if (member.Resource is not { } resource) continue;
            _server.Events.Unwatch(resource.Name, member.Watcher!);
            RemoveIfUnused(resource);
            OnWatchersChanged(resource.Name);
        }
    }
}
