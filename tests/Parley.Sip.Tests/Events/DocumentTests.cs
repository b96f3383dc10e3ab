using System.Text;
using Parley.Sip.Events.Documents;

namespace Parley.Sip.Tests.Events;

/// <summary>Bodies of events: examples of their RFCs, what is written and read again, and what must not be read.</summary>
public sealed class DocumentTests
{
    private const string PidfHead = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:im=\"urn:ietf:params:xml:ns:pidf:im\" entity=\"pres:someone@example.com\">";

    [Fact]
    public void A_presence_that_is_made_here_says_what_its_person_does()
    {
        byte[] written = new PresenceDocument { Entity = "sip:a@b", Tuples = [new PresenceTuple("t1", true, "sip:a@b")], Activities = ["on-the-phone"] }.Write();
        Assert.True(PresenceDocument.TryRead(written, out PresenceDocument? read));
        Assert.Equal(["on-the-phone"], read.Activities);
        Assert.True(PresenceDocument.TryRead(read.Write(), out PresenceDocument? again));
        Assert.Equal(["on-the-phone"], again.Activities);       // as it came, once
    }

    [Fact]
    public void Presence_with_extensions_is_read_and_goes_on_as_it_came()
    {
        // RFC 3863 4.3.1, shortened, with a person of RFC 4480.
        string text = PidfHead
            + "<tuple id=\"bs35r9\"><status><basic>open</basic><im:im>busy</im:im></status><contact priority=\"0.8\">im:someone@mobilecarrier.net</contact><note xml:lang=\"en\">Don't Disturb Please!</note></tuple>"
            + "<tuple id=\"eg92n8\"><status><basic>closed</basic></status></tuple><note>I'll be in Tokyo next week</note>"
            + "<dm:person xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:r=\"urn:ietf:params:xml:ns:pidf:rpid\" id=\"p1\"><r:activities><r:on-the-phone/></r:activities></dm:person></presence>";
        Assert.True(PresenceDocument.TryRead(Encoding.UTF8.GetBytes(text), out PresenceDocument? document));
        Assert.Equal(("pres:someone@example.com", true), (document.Entity, document.IsOpen));
        Assert.Equal(("bs35r9", true, "im:someone@mobilecarrier.net", 0.8m, "Don't Disturb Please!"), (document.Tuples[0].Id, document.Tuples[0].IsOpen, document.Tuples[0].Contact, document.Tuples[0].Priority, document.Tuples[0].Note));
        Assert.Equal(["on-the-phone"], document.Activities);

        byte[] composed = PresenceDocument.Compose("sip:someone@example.com", [document, document]).Write();
        Assert.True(PresenceDocument.TryRead(composed, out PresenceDocument? again));
        Assert.Equal(["d1-bs35r9", "d1-eg92n8", "d2-bs35r9", "d2-eg92n8"], again.Tuples.Select(tuple => tuple.Id));
        Assert.Equal(["I'll be in Tokyo next week"], again.Notes);
        Assert.Contains("busy", Encoding.UTF8.GetString(composed), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n", true, "Voice-Message: 2/8 (0/2)")]
    [InlineData("Messages-Waiting: no\r\n", false, "")]
    [InlineData("messages-waiting:YES\nFax-Message: 1/0\n\nTo: <x>\nnonsense", true, "Fax-Message: 1/0")]
    public void Message_summaries_are_read_and_written(string text, bool isWaiting, string counts)
    {
        Assert.True(MessageSummary.TryRead(Encoding.UTF8.GetBytes(text), out MessageSummary summary));
        Assert.Equal((isWaiting, counts), (summary.IsWaiting, string.Join(", ", summary.Counts)));
        Assert.True(MessageSummary.TryRead(summary.Write(), out MessageSummary again));
        Assert.Equal((summary.IsWaiting, summary.Account, counts), (again.IsWaiting, again.Account, string.Join(", ", again.Counts)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Messages-Waiting: perhaps\r\n")]
    [InlineData("Voice-Message: 2/8\r\n")]
    [InlineData("Messages-Waiting: yes\r\nnonsense\r\n")]
    public void A_summary_that_does_not_say_is_none(string text) => Assert.False(MessageSummary.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Calls_are_written_and_read()
    {
        // RFC 4235 4.3.
        const string text = "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"1\" state=\"full\" entity=\"sip:alice@example.com\">"
            + "<dialog id=\"as7d900as8\" call-id=\"a84b4c76e66710\" local-tag=\"1928301774\" direction=\"initiator\"><state event=\"rejected\" code=\"486\">terminated</state></dialog></dialog-info>";
        Assert.True(DialogInfo.TryRead(Encoding.UTF8.GetBytes(text), out DialogInfo? info));
        DialogInfoEntry dialog = Assert.Single(info.Dialogs);
        Assert.Equal((1u, true, DialogInfoState.Terminated, true, "a84b4c76e66710"), (info.Version, info.IsFull, dialog.State, dialog.IsInitiator, dialog.CallId));
        Assert.True(DialogInfo.TryRead(info.Write(), out DialogInfo? again));
        Assert.Equal(dialog, Assert.Single(again.Dialogs));
    }

    [Fact]
    public void Watchers_and_contacts_are_written_and_read()
    {
        var watchers = new WatcherInfo("sip:professor@example.net", "presence", [new WatcherInfoEntry("8ajksjda7s", "sip:userA@example.net", "active", "approved")]) { Version = 7 };
        Assert.True(WatcherInfo.TryRead(watchers.Write(), out WatcherInfo? readWatchers));
        Assert.Equal((7u, watchers.Watchers[0]), (readWatchers.Version, Assert.Single(readWatchers.Watchers)));

        var contacts = new RegistrationInfo("sip:joe@example.com", [new RegistrationInfoContact("76", "sip:joe@pc34.example.com", 3600)]);
        Assert.True(RegistrationInfo.TryRead(contacts.Write(), out RegistrationInfo? readContacts));
        Assert.Equal(contacts.Contacts[0], Assert.Single(readContacts.Contacts));
    }

    [Theory]
    [InlineData("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"/>")]                     // whose?
    [InlineData("<presence xmlns=\"urn:other\" entity=\"pres:a\"/>")]
    [InlineData("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:a\">")]
    [InlineData("<!DOCTYPE p [<!ENTITY a \"x\">]><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"&a;\"/>")]
    [InlineData("<!DOCTYPE p SYSTEM \"file:///etc/passwd\"><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"a\"/>")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void What_is_no_presence_is_not_read(string text) => Assert.False(PresenceDocument.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Depth_size_and_number_are_bounded()
    {
        string deep = string.Concat(Enumerable.Repeat("<a>", 1000)) + string.Concat(Enumerable.Repeat("</a>", 1000));
        Assert.False(PresenceDocument.TryRead(Encoding.UTF8.GetBytes(PidfHead + deep + "</presence>"), out _));
        Assert.False(PresenceDocument.TryRead(Encoding.UTF8.GetBytes(PidfHead + new string(' ', 70_000) + "</presence>"), out _));
        Assert.False(PresenceDocument.TryRead(Encoding.UTF8.GetBytes(PidfHead + string.Concat(Enumerable.Repeat("<tuple id=\"a\"/>", 65)) + "</presence>"), out _));
    }

    [Fact]
    public void A_changed_document_is_read_or_refused_and_what_was_read_can_be_written()
    {
        byte[] seed = Encoding.UTF8.GetBytes(PidfHead + "<tuple id=\"bs35r9\"><status><basic>open</basic></status><contact priority=\"0.8\">sip:a@b</contact></tuple></presence>");
        var random = new Random(7);
        for (int i = 0; i < 3000; i++)
        {
            byte[] changed = [.. seed];
            for (int changes = random.Next(1, 4); changes > 0; changes--) changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (!PresenceDocument.TryRead(changed, out PresenceDocument? document)) continue;
            Assert.True(PresenceDocument.TryRead(PresenceDocument.Compose("sip:a@b", [document]).Write(), out _), Convert.ToHexString(changed));
        }
    }
}
