using System.Text;
using Parley.Sip.Events.Documents;

namespace Parley.Sip.Tests.Events;

/// <summary>Documents of conferences (RFC 4575), whole and in part.</summary>
public sealed class ConferenceTests
{
    private const string Head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<conference-info xmlns=\"urn:ietf:params:xml:ns:conference-info\" entity=\"sips:conf233@example.com\"";

    // RFC 4575 7.1, shortened to what is read.
    private const string Full = Head + """
         state="full" version="1">
          <conference-description>
            <subject>Agenda: This month's goals</subject>
            <service-uris><entry><uri>http://sharepoint/salesgroup/</uri><purpose>web-page</purpose></entry></service-uris>
          </conference-description>
          <conference-state><user-count>33</user-count></conference-state>
          <users>
            <user entity="sip:bob@example.com" state="full">
              <display-text>Bob Hoskins</display-text>
              <endpoint entity="sip:bob@pc33.example.com">
                <display-text>Bob's Laptop</display-text>
                <status>disconnected</status>
                <disconnection-method>departed</disconnection-method>
                <disconnection-info><when>2005-03-04T20:00:00Z</when><reason>bad voice quality</reason><by>sip:mike@example.com</by></disconnection-info>
                <media id="1"><display-text>main audio</display-text><type>audio</type><label>34567</label><src-id>432424</src-id><status>sendrecv</status></media>
              </endpoint>
            </user>
            <user entity="sip:alice@example.com" state="full">
              <display-text>Alice</display-text>
              <endpoint entity="sip:4kfk4j392jsu@example.com;grid=433kj4j3u">
                <status>connected</status><joining-method>dialed-out</joining-method>
                <media id="1"><type>audio</type><status>sendrecv</status></media>
              </endpoint>
            </user>
          </users>
        </conference-info>
        """;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Partial(int version, string users) => Head + $" state=\"partial\" version=\"{version}\"><users state=\"partial\">{users}</users></conference-info>";

    [Fact]
    public void The_example_of_the_rfc_is_read()
    {
        Assert.True(ConferenceInfo.TryRead(Bytes(Full), out ConferenceInfo? info));
        Assert.Equal(("sips:conf233@example.com", 1u, "Agenda: This month's goals", 33u), (info.Entity, info.Version, info.Subject, info.UserCount));
        ConferenceUser bob = info.Users[0];
        Assert.Equal(("sip:bob@example.com", "Bob Hoskins"), (bob.Entity, bob.DisplayText));
        ConferenceEndpoint laptop = Assert.Single(bob.Endpoints);
        Assert.Equal(("disconnected", "departed"), (laptop.Status, laptop.DisconnectionMethod));
        Assert.Equal(new ConferenceMedia("1", "audio", "sendrecv"), Assert.Single(laptop.Media));
        Assert.Equal("dialed-out", info.Users[1].Endpoints[0].JoiningMethod);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        Assert.True(ConferenceInfo.TryRead(Bytes(Full), out ConferenceInfo? info));
        Assert.True(ConferenceInfo.TryRead((info with { IsActive = true, IsLocked = false, MaximumUserCount = 50 }).Write(), out ConferenceInfo? again));
        Assert.Equal((info.Subject, 50u, true, false), (again.Subject, again.MaximumUserCount, again.IsActive, again.IsLocked));
        Assert.Equal(info.Users, again.Users);
    }

    [Fact]
    public void Parts_are_merged_by_their_keys_and_what_is_not_known_stays()
    {
        var state = new ConferenceState();
        Assert.Equal(ConferenceUpdate.NeedsFullState, state.Update(Bytes(Partial(1, ""))));
        Assert.Equal(ConferenceUpdate.Taken, state.Update(Bytes(Full)));
        Assert.Equal(ConferenceUpdate.Stale, state.Update(Bytes(Full)));

        // A part of an endpoint: the rest of it and of its user stay (4.6, steps 3.1.2 and 3.2).
        Assert.Equal(ConferenceUpdate.Taken, state.Update(Bytes(Partial(2,
            "<user entity=\"sip:alice@example.com\" state=\"partial\"><endpoint entity=\"sip:4kfk4j392jsu@example.com;grid=433kj4j3u\" state=\"partial\"><status>on-hold</status></endpoint></user>"))));
        ConferenceUser alice = state.Info!.Users[1];
        Assert.Equal(("Alice", "on-hold", "dialed-out"), (alice.DisplayText, alice.Endpoints[0].Status, alice.Endpoints[0].JoiningMethod));

        Assert.Equal(ConferenceUpdate.Taken, state.Update(Bytes(Partial(3, "<user entity=\"sip:bob@example.com\" state=\"deleted\"/><user entity=\"sip:carol@example.com\"><display-text>Carol</display-text></user>"))));
        Assert.Equal(["Alice", "Carol"], state.Info.Users.Select(user => user.DisplayText));
        Assert.Equal("Agenda: This month's goals", state.Info.Subject);

        Assert.Equal(ConferenceUpdate.NeedsFullState, state.Update(Bytes(Partial(5, ""))));
        Assert.Equal(2, state.Info.Users.Count);
        Assert.Equal(ConferenceUpdate.Deleted, state.Update(Bytes(Head + " state=\"deleted\" version=\"6\"/>")));
        Assert.Equal(ConferenceElementState.Deleted, state.Info.State);
    }

    [Fact]
    public void A_watcher_who_takes_the_changes_knows_the_whole()
    {
        ConferenceUser alice = new("sip:alice@example.com", [new ConferenceEndpoint("sip:a@192.0.2.1", []) { Status = "connected" }]) { DisplayText = "Alice" };
        ConferenceUser bob = new("sip:bob@example.com", []);
        var first = new ConferenceInfo("sip:conf@example.com", [alice, bob]) { UserCount = 2 };
        var second = new ConferenceInfo("sip:conf@example.com", [alice with { DisplayText = "Alice!" }, new ConferenceUser("sip:carol@example.com", [])]) { UserCount = 2, IsLocked = true };
        ConferenceInfo changes = second.ChangesSince(first);
        Assert.Equal(["sip:alice@example.com", "sip:carol@example.com", "sip:bob@example.com"], changes.Users.Select(user => user.Entity));

        var state = new ConferenceState();
        Assert.Equal(ConferenceUpdate.Taken, state.Update(first.Write()));
        Assert.Equal(ConferenceUpdate.Taken, state.Update(changes.Write()));
        Assert.Equal(second.Users, state.Info!.Users);
        Assert.True(state.Info.IsLocked);
        Assert.Empty(second.ChangesSince(second).Users);
    }

    [Theory]
    [InlineData(" version=\"x\"/>")]
    [InlineData(" version=\"1\" state=\"other\"/>")]
    [InlineData(" version=\"1\"><users><user/></users></conference-info>")]
    [InlineData(" version=\"1\"><users><user entity=\"a\"><endpoint/></user></users></conference-info>")]
    [InlineData(" version=\"1\"")]
    public void What_is_malformed_is_not_read(string rest)
    {
        Assert.False(ConferenceInfo.TryRead(Bytes(Head + rest), out _));
        Assert.Equal(ConferenceUpdate.Malformed, new ConferenceState().Update(Bytes(Head + rest)));
    }
}
