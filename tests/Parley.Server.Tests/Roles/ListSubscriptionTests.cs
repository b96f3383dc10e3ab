using System.Collections.Immutable;
using System.Text;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Server.Tests.Rules;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>A ring group as a list: one subscription for the states of all members (RFC 4662).</summary>
public sealed class ListSubscriptionTests : IDisposable
{
    private const string Team = "sip:team@example.com";
    private const string Lists = "Supported: eventlist\r\n";

    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;

    public ListSubscriptionTests() : this(PresenceWatchers.Domain)
    {
    }

    private ListSubscriptionTests(PresenceWatchers watchers)
    {
        DomainOptions domain = ForwardingTests.Read("""
            "groups": { "team": { "members": ["bob", "carol", "nobody", "sip:eve@elsewhere.example"] } }
            """);
        _server = new TestServer(configuration => configuration with
        {
            Domains = [domain],
            Presence = new PresenceOptions
            {
                Watchers = watchers,
                Allow = new Dictionary<string, ImmutableArray<string>> { ["team@example.com"] = ["alice@example.com"], ["bob@example.com"] = ["alice@example.com"] }.ToImmutableDictionary(),
            },
        });
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    private void Subscribe(string package, string headers, int status) =>
        Subscribe(_alice, package, headers, status);

    private static Received Subscribe(Peer peer, string package, string headers, int status)
    {
        peer.SendAuthorized(peer.Request("SUBSCRIBE", Team, headers: $"Event: {package}\r\nExpires: 3600\r\n{headers}"));
        return peer.ReceiveStatus(status);
    }

    private static (ResourceList List, IReadOnlyList<BodyPart> Parts) TakeNotify(Peer peer, TimeSpan limit)
    {
        Received notify = peer.ReceiveNew("NOTIFY", limit);
        peer.Answer(notify, 200, contact: false);
        Assert.Equal("eventlist", notify.Header("Require"));
        byte[] body = Encoding.UTF8.GetBytes(notify.Text[(notify.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.True(MultipartBody.TryRead(notify.Header("Content-Type"), body, out IReadOnlyList<BodyPart>? parts), notify.Text);
        Assert.True(ResourceList.TryRead(parts[0].Body.Span, out ResourceList? list), notify.Text);
        // Each active instance has its part, and each part its instance.
        Assert.Equal(parts.Skip(1).Select(part => part.ContentId), list.Resources.SelectMany(resource => resource.Instances).Where(instance => instance.State == SubscriptionState.Active).Select(instance => instance.ContentId));
        return (list, parts);
    }

    private static string States(ResourceList list) =>
        string.Join(", ", list.Resources.Select(resource => $"{resource.Uri} {string.Join(' ', resource.Instances.Select(instance => $"{instance.State}{instance.Reason}"))}"));

    [Fact]
    public void All_members_are_told_first_and_then_those_that_changed()
    {
        Assert.Equal("eventlist", Subscribe(_alice, "presence", Lists, 200).Header("Require"));
        (ResourceList whole, IReadOnlyList<BodyPart> parts) = TakeNotify(_alice, TimeSpan.FromSeconds(1));
        Assert.Equal((Team, 0u, true), (whole.Uri, whole.Version, whole.IsFull));
        Assert.Equal("sip:bob@example.com Active, sip:carol@example.com Active, sip:nobody@example.com Terminatednoresource, sip:eve@elsewhere.example Terminatednoresource", States(whole));
        Assert.True(PresenceDocument.TryRead(parts[1].Body.Span, out PresenceDocument? bob));
        Assert.False(bob.IsOpen);

        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {_bob.Contact}\r\nExpires: 600\r\n"));
        _bob.ReceiveStatus(200);
        (ResourceList changed, parts) = TakeNotify(_alice, TimeSpan.FromSeconds(6));
        Assert.Equal((1u, false), (changed.Version, changed.IsFull));
        Assert.Equal("sip:bob@example.com", Assert.Single(changed.Resources).Uri);
        Assert.True(PresenceDocument.TryRead(parts[1].Body.Span, out bob));
        Assert.True(bob.IsOpen);
    }

    [Fact]
    public void Calls_of_members_are_told_with_the_version_of_each()
    {
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        Subscribe("dialog", Lists, 200);
        TakeNotify(_alice, TimeSpan.FromSeconds(1));
        var carol = new Peer(_server, "192.0.2.3:5060", "carol");
        carol.SendAuthorized(carol.Request("INVITE", "sip:bob@example.com"));
        _bob.Receive();
        (ResourceList changed, IReadOnlyList<BodyPart> parts) = TakeNotify(_alice, TimeSpan.FromSeconds(6));
        Assert.Equal(["sip:bob@example.com", "sip:carol@example.com"], changed.Resources.Select(resource => resource.Uri));
        Assert.All(parts.Skip(1), part =>
        {
            Assert.True(DialogInfo.TryRead(part.Body.Span, out DialogInfo? info));
            Assert.Equal((1u, false, DialogInfoState.Trying), (info.Version, info.IsFull, Assert.Single(info.Dialogs).State));
        });
    }

    [Fact]
    public void Who_knows_no_lists_is_told_what_it_takes()
    {
        Assert.Equal("eventlist", Subscribe(_alice, "presence", "", 421).Header("Require"));
        Subscribe("presence", Lists + "Accept: text/plain\r\n", 406);
        Subscribe("message-summary", Lists, 403);
        _alice.Send(_alice.Request("SUBSCRIBE", Team, headers: $"Event: presence\r\n{Lists}", from: "<sip:eve@example.org>;tag=e"));
        Assert.Equal(403, _alice.Receive().Status);
    }

    [Fact]
    public void A_member_that_the_watcher_may_not_see_is_told_as_rejected_and_the_end_leaves_nothing()
    {
        using var test = new ListSubscriptionTests(PresenceWatchers.Owner);
        Subscribe(test._alice, "presence", Lists, 200);
        (ResourceList list, _) = TakeNotify(test._alice, TimeSpan.FromSeconds(1));
        Assert.Equal("sip:bob@example.com Active, sip:carol@example.com Terminatedrejected, sip:nobody@example.com Terminatednoresource, sip:eve@elsewhere.example Terminatednoresource", States(list));
        Assert.Single(test._server.State.Events.WatchersOf(new ResourceName("presence", "bob@example.com")));
        Assert.Empty(test._server.State.Events.WatchersOf(new ResourceName("presence", "carol@example.com")));

        Subscribe(test._bob, "presence", Lists, 403);       // not of those who may watch the list
    }
}
