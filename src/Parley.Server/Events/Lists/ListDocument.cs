using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Events.Lists;

/// <summary>Writes the states of a list's members as one body: of all of them, or of those that changed.</summary>
/// <remarks>Source: RFC 4662 5.</remarks>
internal static class ListDocument
{
    /// <summary>The row that says that nobody can read it who does not know lists.</summary>
    public static ReadOnlySpan<byte> RequireRow => "Require: eventlist\r\n"u8;

    /// <summary>Writes the next one.</summary>
    /// <param name="list">The subscription.</param>
    /// <param name="isFull">True to tell of all members.</param>
    /// <param name="read">Reads the state of a member.</param>
    public static NotifyBody Write(ListWatch list, bool isFull, Func<ResourceName, WatchedUser> read)
    {
        string host = list.Uri[(list.Uri.LastIndexOf('@') + 1)..];
        string type = list.Package.Package.Body;
        List<ListedResource> resources = [];
        List<BodyPart> parts = [];
        foreach (WatchedMember member in list.Members)
        {
            if (member.Resource is not { } resource)
            {
                if (isFull) resources.Add(new ListedResource(member.Uri, [new ResourceInstance("1", SubscriptionState.Terminated, null, member.Refusal)]));
                continue;
            }

            WatchedUser user = read(resource.Name);
            byte[] state = list.Package.Write(user, version: null);
            if (!isFull && state.AsSpan().SequenceEqual(member.State)) continue;
            if (isFull) member.Told = null;
            member.State = state;
            byte[] body = list.Package.WriteChanges(user, member.Version, ref member.Told);
            if (list.Package.Package.HasPartialState) member.Version++;
            string id = string.Create(CultureInfo.InvariantCulture, $"{list.Version}.{parts.Count}@{host}");
            parts.Add(new BodyPart(type, id, body));
            resources.Add(new ListedResource(member.Uri, [new ResourceInstance("1", SubscriptionState.Active, id)]));
        }

        byte[] rlmi = new ResourceList(list.Uri, resources) { Version = list.Version, IsFull = isFull }.Write();
        var root = new BodyPart($"{ResourceList.MediaType};charset=\"UTF-8\"", string.Create(CultureInfo.InvariantCulture, $"{list.Version}.list@{host}"), rlmi);
        list.Version++;
        byte[] whole = MultipartBody.WriteRelated([root, .. parts], RandomNumberGenerator.GetHexString(24, lowercase: true), out string contentType);
        return new NotifyBody(Encoding.ASCII.GetBytes(contentType), whole, RequireRow.ToArray());
    }
}
