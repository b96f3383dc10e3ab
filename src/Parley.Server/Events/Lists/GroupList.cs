using System.Text;
using Parley.Server.Accounts;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Rules;
using Parley.Sip.Messages;

namespace Parley.Server.Events.Lists;

/// <summary>A ring group as a list of resources: who of it a watcher may see.</summary>
internal static class GroupList
{
    /// <summary>More members are not told of: the body would be too long for a message.</summary>
    private const int MaxMembers = 100;

    /// <summary>The members of a group.</summary>
    /// <param name="request">The SUBSCRIBE.</param>
    /// <param name="server">Who is a user of ours.</param>
    /// <param name="group">The group.</param>
    /// <param name="watcher">Who asks: an address of record.</param>
    public static List<ListMember> MembersOf(ref RequestContext request, ServerState server, RingGroup group, string watcher)
    {
        List<ListMember> members = [];
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        foreach (CallTarget target in group.Members)
        {
            if (members.Count == MaxMembers) break;
            string uri = Encoding.UTF8.GetString(target.UriFor(isSecure: false));
            if (!SipUriView.TryParse(target.UriFor(isSecure: false), out SipUriView view) || server.FindDomain(view) is not { } domain
                || !AddressOfRecord.TryFormat(view.User, domain.NameUtf8.AsSpan(), addressOfRecord, out int length)
                || !server.Accounts.TryFind(addressOfRecord[..length], request.Server.Found, out _))
            {
                members.Add(new ListMember(uri, null, "noresource"));       // others' users are not asked about
                continue;
            }

            string user = Encoding.UTF8.GetString(addressOfRecord[..length]);
            bool maySee = request.Caller == CallerKind.Trusted || user == watcher || request.Configuration.Presence.MayWatch(user, watcher, isProven: true);
            if (members.Exists(member => member.User == user)) continue;
            members.Add(maySee ? new ListMember(uri, user, null) : new ListMember(uri, null, "rejected"));
        }

        return members;
    }
}
