using System.Security.Cryptography;
using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Events.Dialogs;
using Parley.Server.Events.Lists;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Rules;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Subscriptions;

namespace Parley.Server.Events;

/// <summary>The event server: takes SUBSCRIBE and PUBLISH for our users where it has the event, and leaves other SUBSCRIBEs to their phones.</summary>
/// <remarks>
/// Who may watch is decided by the watcher and the configuration alone, before anything is looked up, so that a stranger gets the same answer for a user as for
/// a name that nobody has. Source: RFC 6665 4.2.1, RFC 3903 6.
/// </remarks>
internal sealed class ServeEvents(ServerState server, LaneEvents events) : IRequestStep
{
    private const int MaxBodyBytes = 16_384;
    private const int TagBytes = 8;

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method is not (SipMethod.Subscribe or SipMethod.Publish)) return StepResult.Continue;
        if (request.IsInDialog)
        {
            if (request.Method != SipMethod.Subscribe || !events.Core.Owns(request.Incoming)) return StepResult.Continue;
            events.Core.OnRequest(request.Incoming);
            return StepResult.Done;
        }

        if (request.Domain is not { } domain || request.HasNextRoute || !request.RequestUri.HasUser) return StepResult.Continue;
        ServerPackage? package = request.Message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView name) == HeaderStatus.Ok ? ServerPackages.Find(name.Value) : null;
        if (package is DialogsOfUsers && request.Configuration.Events.DialogState == DialogState.Off) package = null;
        if (package is null)
        {
            // A phone may have the event, if it is one; nobody but this server takes what is published (RFC 6665 4.2.1.1, RFC 3903 6 step 2).
            bool isForPhones = request.Method == SipMethod.Subscribe && !name.Value.IsEmpty;
            return isForPhones ? StepResult.Continue : request.Reply(new SipReply(489) { Headers = ServerOptions.Declared.AllowEvents });
        }

        if (UnsupportedExtensions.Check(ref request, HeaderId.Require) == StepResult.Done) return StepResult.Done;
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        bool isName = AddressOfRecord.TryFormat(request.RequestUri.User, domain.NameUtf8.AsSpan(), user, out int length);
        string owner = isName ? Encoding.UTF8.GetString(user[..length]) : "";
        string? sender = SenderOf(request.Message);
        if (sender is null || !MayDo(ref request, package, owner, sender)) return request.Reply(403);

        bool mayKnow = request.Caller is CallerKind.LocalUser or CallerKind.Trusted;
        if (mayKnow && isName && request.Method == SipMethod.Subscribe && package.IsForOthers && domain.Rules.TryGetGroup(AddressOfRecord.UserOf(user[..length]), out RingGroup? group))
        {
            return SubscribeList(ref request, package, owner, group, sender);
        }

        bool isKnown = isName && server.Accounts.TryFind(user[..length], request.Server.Found, out _);
        if (!isKnown && (mayKnow || request.Method == SipMethod.Publish)) return request.Server.RunAgainWithFreshAccounts(ref request) ? StepResult.Done : request.Reply(404);
        var resource = new ResourceName(package.Package.Name, owner);
        return request.Method == SipMethod.Subscribe ? Subscribe(ref request, package, resource, sender) : Publish(ref request, package, resource);
    }

    private StepResult Subscribe(ref RequestContext request, ServerPackage package, ResourceName resource, string watcher)
    {
        if (!Accepts(request.Message, package.Package)) return request.Reply(new SipReply(406) { Headers = Encoding.ASCII.GetBytes($"Accept: {package.Package.Body}\r\n") });
        if (package is DialogsOfUsers && server.Accounts.TryFind(Encoding.UTF8.GetBytes(resource.User), request.Server.Found, out _)) server.Dialogs.Follow(resource.User);
        return events.Subscribe(ref request, package, resource, watcher);
    }

    /// <summary>A ring group is a list of its members: who watches it has them all in one subscription.</summary>
    /// <remarks>Source: RFC 4662 4.1.</remarks>
    private StepResult SubscribeList(ref RequestContext request, ServerPackage package, string list, RingGroup group, string watcher)
    {
        if (!request.Message.HasToken(HeaderId.Supported, "eventlist"u8) && !request.Message.HasToken(HeaderId.Require, "eventlist"u8)) return request.Reply(new SipReply(421) { Headers = ListDocument.RequireRow });
        if (!Accepts(request.Message, package.Package)) return request.Reply(new SipReply(406) { Headers = Encoding.ASCII.GetBytes($"Accept: {package.Package.Body}\r\n") });
        List<ListMember> members = GroupList.MembersOf(ref request, server, group, watcher);
        if (package is DialogsOfUsers)
        {
            foreach (ListMember member in members)
            {
                if (member.User is { } user) server.Dialogs.Follow(user);
            }
        }

        return events.SubscribeList(ref request, package, "sip:" + list, members, watcher);
    }

    private StepResult Publish(ref RequestContext request, ServerPackage package, ResourceName resource)
    {
        SipMessageView message = request.Message;
        ReadOnlySpan<byte> ifMatch = default;
        HeaderStatus condition = message.TryGetSingle(HeaderId.SipIfMatch, out HeaderValue tag);
        if (condition == HeaderStatus.Malformed) return request.Reply(new SipReply(400) { ReasonPhrase = "Malformed SIP-If-Match"u8 });
        if (condition == HeaderStatus.Ok) ifMatch = tag.Bytes;
        if (!SubscriptionLimits.Usual(package.Package.DefaultExpiry).TryGrant(message, out TimeSpan granted, out SipReply refusal)) return request.Reply(refusal);

        byte[]? body = null;
        if (message.BodyLength > 0)
        {
            if (message.BodyLength > MaxBodyBytes) return request.Reply(413);
            string[] type = package.Package.Body.Split('/');
            bool isOurs = message.TryGetContentType(out MediaTypeView media) == HeaderStatus.Ok && media.Is(Encoding.ASCII.GetBytes(type[0]), Encoding.ASCII.GetBytes(type[1])) && !message.Has(HeaderId.ContentEncoding);
            if (!isOurs) return request.Reply(new SipReply(415) { Headers = Encoding.ASCII.GetBytes($"Accept: {package.Package.Body}\r\nAccept-Encoding: identity\r\n") });
            body = message.Body.ToArray();
            if (!package.IsWellFormed(body)) return request.Reply(new SipReply(400) { ReasonPhrase = "Malformed Body"u8 });
        }

        // Its number is used up by the state that it makes: what comes again must get the same answer.
        if (request.Incoming.CreateTransaction(request.Server) is not { } transaction) return StepResult.Done;
        byte[] newTag = Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(2 * TagBytes, lowercase: true));
        string publisher = LaneEvents.Words(request.Incoming.Flow);
        PublishResult result = server.Events.Publish(events.Now, resource, ifMatch, granted, body, newTag, publisher, request.Configuration.Events);
        SipReply reply = result switch
        {
            PublishResult.NoMatch => new SipReply(412),
            PublishResult.NoBody => new SipReply(400) { ReasonPhrase = "Nothing to Publish"u8 },
            PublishResult.TooMany => new SipReply(503) { Headers = "Retry-After: 60\r\n"u8 },
            _ => new SipReply(200) { Headers = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"SIP-ETag: {Encoding.ASCII.GetString(newTag)}\r\nExpires: {(long)granted.TotalSeconds}\r\n")) },
        };
        request.Server.Counters.CountReply(request.Method, reply.StatusCode);
        transaction.Respond(reply);
        if (result == PublishResult.Changed) server.Events.Changed(resource);
        return StepResult.Done;
    }

    /// <summary>Decides by who asks, and by nothing that only a look-up could tell.</summary>
    private static bool MayDo(ref RequestContext request, ServerPackage package, string owner, string sender)
    {
        if (request.Caller == CallerKind.Trusted) return true;
        bool isProven = request.Caller == CallerKind.LocalUser;
        if (isProven && owner.Length > 0 && sender == owner) return true;
        return request.Method == SipMethod.Subscribe && package.IsForOthers && request.Configuration.Presence.MayWatch(owner, sender, isProven);
    }

    /// <summary>Who sends it: From, which was proven where it is in a domain of ours.</summary>
    private static string? SenderOf(scoped in SipMessageView message)
    {
        Span<byte> sender = stackalloc byte[AddressOfRecord.MaxBytes];
        return message.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok && from.TryGetUri(out SipUriView uri) && AddressOfRecord.TryFormat(uri.User, uri.Host, sender, out int length)
            ? Encoding.UTF8.GetString(sender[..length])
            : null;
    }

    /// <summary>True when the subscriber takes the package's bodies: it says so, or says nothing.</summary>
    internal static bool Accepts(scoped in SipMessageView message, EventPackage package)
    {
        if (!message.Has(HeaderId.Accept)) return true;
        string[] type = package.Body.Split('/');
        foreach (HeaderValue value in message.Values(HeaderId.Accept))
        {
            if (MediaTypeView.TryParse(value.Bytes, value.Offset, out MediaTypeView range) && range.Covers(Encoding.ASCII.GetBytes(type[0]), Encoding.ASCII.GetBytes(type[1]))) return true;
        }

        return false;
    }
}
