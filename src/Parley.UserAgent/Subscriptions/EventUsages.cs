using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Subscriptions;

/// <summary>The subscriptions of a user agent, found by this side's tag, and by Event where several share a dialog.</summary>
internal sealed class EventUsages(UserAgentCore core)
{
    private const int MaxPerDialog = 16;

    private readonly Dictionary<ulong, List<IEventUsage>> _byTag = [];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a subscription.</summary>
    /// <returns>False when there are as many as there may be, in all or in its dialog.</returns>
    public bool TryAdd(LocalTag tag, IEventUsage usage)
    {
        if (Count >= core.Options.MaxSubscriptions) return false;
        if (!_byTag.TryGetValue(tag.Number, out List<IEventUsage>? usages)) _byTag.Add(tag.Number, usages = new List<IEventUsage>(1));
        if (usages.Count >= MaxPerDialog) return false;
        usages.Add(usage);
        Count++;
        return true;
    }

    /// <summary>Removes a subscription; twice does nothing.</summary>
    public void Remove(LocalTag tag, IEventUsage usage)
    {
        if (!_byTag.TryGetValue(tag.Number, out List<IEventUsage>? usages) || !usages.Remove(usage)) return;
        Count--;
        if (usages.Count == 0) _byTag.Remove(tag.Number);
    }

    /// <summary>True when a request has the tag of a subscription of this side.</summary>
    public bool Has(in SipMessageView request) => request.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && LocalTag.TryParse(to.Tag, out LocalTag tag) && _byTag.ContainsKey(tag.Number);

    /// <summary>Takes a SUBSCRIBE or NOTIFY with a To tag that no call has.</summary>
    public void OnRequest(in SipIncomingRequest request)
    {
        if (Find(request.Message) is { } usage) usage.OnRequest(request);
        else request.Reply(new SipReply(481) { ReasonPhrase = "Subscription Does Not Exist"u8 });
    }

    /// <summary>Takes a SUBSCRIBE or NOTIFY in the dialog of a call, which has checked its place in the order.</summary>
    public void OnRequestInCall(SipServerTransaction transaction)
    {
        if (Find(transaction.Request) is { } usage) usage.OnRequestInCall(transaction);
        else transaction.Respond(new SipReply(481) { ReasonPhrase = "Subscription Does Not Exist"u8 });
    }

    private IEventUsage? Find(in SipMessageView request)
    {
        if (request.TryGetTo(out NameAddressView to) != HeaderStatus.Ok || !LocalTag.TryParse(to.Tag, out LocalTag tag) || !_byTag.TryGetValue(tag.Number, out List<IEventUsage>? usages)) return null;
        foreach (IEventUsage usage in usages)
        {
            if (usage.Matches(request)) return usage;
        }

        return null;
    }
}
