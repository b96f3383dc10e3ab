using System.Text;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Dialogs;

public class DialogTests
{
    private const string Invite = """
        INVITE sip:bob@biloxi.example SIP/2.0
        Via: SIP/2.0/UDP p2;branch=z9hG4bK2
        Record-Route: <sip:p2;lr>, "P 1" <sip:p1;lr;x=y>;z
        From: "Alice" <sip:alice@atlanta.example>;tag=a1
        To: Bob <sip:bob@biloxi.example>
        Call-ID: c1@atlanta
        CSeq: 314 INVITE
        Contact: <sip:alice@pc33.atlanta.example>
        """;

    private const string Ringing = """
        SIP/2.0 180 Ringing
        Via: SIP/2.0/UDP pc33;branch=z9hG4bK1
        Record-Route: <sip:p2;lr>
        Record-Route: <sip:p1;lr>
        From: "Alice" <sip:alice@atlanta.example>;tag=a1
        To: Bob <sip:bob@biloxi.example>;tag=b1
        Call-ID: c1@atlanta
        CSeq: 314 INVITE
        Contact: <sip:bob@192.0.2.4>
        """;

    [Fact]
    public void A_server_takes_the_route_set_in_order_and_the_contact_for_its_target()
    {
        Dialog dialog = AtServer(Invite);
        Assert.Equal(DialogState.Early, dialog.State);
        Assert.Equal("c1@atlanta", Text(dialog.CallId));
        Assert.Equal("b1", Text(dialog.LocalTag));
        Assert.Equal("a1", Text(dialog.RemoteTag));
        Assert.Equal("Bob <sip:bob@biloxi.example>;tag=b1", Text(dialog.From));
        Assert.Equal("\"Alice\" <sip:alice@atlanta.example>;tag=a1", Text(dialog.To));
        Assert.Equal("sip:alice@pc33.atlanta.example", Text(dialog.RequestUri));
        Assert.Equal("<sip:p2;lr>, \"P 1\" <sip:p1;lr;x=y>;z", Text(dialog.Route));
        Assert.Equal("sip:p2;lr", Text(dialog.NextHop));
        Assert.Equal(314u, dialog.RemoteSequenceNumber);
        Assert.Null(dialog.LocalSequenceNumber);
        Assert.Equal(1u, dialog.TakeSequenceNumber());
        dialog.Confirm();
        Assert.Equal(DialogState.Confirmed, dialog.State);
    }

    [Fact]
    public void A_client_takes_the_route_set_in_reverse()
    {
        Dialog dialog = AtClient(Ringing);
        Assert.Equal(DialogState.Early, dialog.State);
        Assert.Equal("a1", Text(dialog.LocalTag));
        Assert.Equal("b1", Text(dialog.RemoteTag));
        Assert.Equal("<sip:p1;lr>, <sip:p2;lr>", Text(dialog.Route));
        Assert.Equal("sip:p1;lr", Text(dialog.NextHop));
        Assert.Equal("sip:bob@192.0.2.4", Text(dialog.RequestUri));
        Assert.Null(dialog.RemoteSequenceNumber);
        Assert.Equal(315u, dialog.TakeSequenceNumber());
    }

    [Fact]
    public void A_2xx_confirms_with_its_own_routes_and_target_and_a_second_one_changes_nothing()
    {
        Dialog dialog = AtClient(Ringing);
        dialog.TakeSequenceNumber();
        string ok = Ringing.Replace("180 Ringing", "200 OK", StringComparison.Ordinal).Replace("Record-Route: <sip:p2;lr>\n", "", StringComparison.Ordinal)
            .Replace("192.0.2.4", "192.0.2.5", StringComparison.Ordinal);
        Assert.True(Read(ok, (in SipMessageView view) => dialog.Confirm(view)));
        Assert.Equal(DialogState.Confirmed, dialog.State);
        Assert.Equal("<sip:p1;lr>", Text(dialog.Route));
        Assert.Equal("sip:bob@192.0.2.5", Text(dialog.RemoteTarget));
        Assert.Equal(315u, dialog.LocalSequenceNumber);
        Assert.True(Read(Ringing.Replace("180 Ringing", "200 OK", StringComparison.Ordinal), (in SipMessageView view) => dialog.Confirm(view)));
        Assert.Equal("<sip:p1;lr>", Text(dialog.Route));
    }

    [Fact]
    public void A_dialog_that_is_over_stays_so()
    {
        Dialog dialog = AtClient(Ringing);
        dialog.Terminate();
        dialog.Confirm();
        Assert.Equal(DialogState.Terminated, dialog.State);
    }

    /// <summary>RFC 3261 12.2.1.1: the routes that it gives, over the remote target sip:user@remoteua.</summary>
    [Theory]
    [InlineData("<sip:proxy1>,<sip:proxy2>,<sip:proxy3;lr>,<sip:proxy4>", "sip:proxy1", "<sip:proxy2>, <sip:proxy3;lr>, <sip:proxy4>, <sip:user@remoteua>", "sip:proxy1")]
    [InlineData("<sip:proxy1;lr>,<sip:proxy2>", "sip:user@remoteua", "<sip:proxy1;lr>, <sip:proxy2>", "sip:proxy1;lr")]
    [InlineData("<sip:proxy1;method=INVITE;transport=tcp?a=b>", "sip:proxy1;transport=tcp", "<sip:user@remoteua>", "sip:proxy1;method=INVITE;transport=tcp?a=b")]
    [InlineData("", "sip:user@remoteua", "", "sip:user@remoteua")]
    public void Loose_and_strict_routers_are_told_apart(string recordRoute, string requestUri, string route, string nextHop)
    {
        string invite = Invite.Replace("""<sip:p2;lr>, "P 1" <sip:p1;lr;x=y>;z""", recordRoute, StringComparison.Ordinal)
            .Replace("alice@pc33.atlanta.example", "user@remoteua", StringComparison.Ordinal);
        Dialog dialog = AtServer(recordRoute.Length == 0 ? invite.Replace("Record-Route: \n", "", StringComparison.Ordinal) : invite);
        Assert.Equal(requestUri, Text(dialog.RequestUri));
        Assert.Equal(route, Text(dialog.Route));
        Assert.Equal(nextHop, Text(dialog.NextHop));
    }

    /// <summary>RFC 5630 5.1.1: the way to a sips target has sips URIs only.</summary>
    [Theory]
    [InlineData("<sip:proxy1;lr>,\"P\" <sips:proxy2;lr>", "sips:user@remoteua", "<sips:proxy1;lr>, \"P\" <sips:proxy2;lr>", "sips:proxy1;lr")]
    [InlineData("<sip:proxy1>,<sip:proxy2;lr>", "sips:proxy1", "<sips:proxy2;lr>, <sips:user@remoteua>", "sips:proxy1")]
    public void Routes_to_a_sips_target_are_sips(string recordRoute, string requestUri, string route, string nextHop)
    {
        Dialog dialog = AtServer(Invite.Replace("""<sip:p2;lr>, "P 1" <sip:p1;lr;x=y>;z""", recordRoute, StringComparison.Ordinal)
            .Replace("sip:alice@pc33.atlanta.example", "sips:user@remoteua", StringComparison.Ordinal));
        Assert.Equal(requestUri, Text(dialog.RequestUri));
        Assert.Equal(route, Text(dialog.Route));
        Assert.Equal(nextHop, Text(dialog.NextHop));
    }

    [Fact]
    public void Requests_are_made_as_objects()
    {
        Dialog dialog = AtServer(Invite);
        dialog.TakeSequenceNumber();
        Assert.Equal(
            """
            BYE sip:alice@pc33.atlanta.example SIP/2.0
            Max-Forwards: 70
            Route: <sip:p2;lr>, "P 1" <sip:p1;lr;x=y>;z
            From: Bob <sip:bob@biloxi.example>;tag=b1
            To: "Alice" <sip:alice@atlanta.example>;tag=a1
            Call-ID: c1@atlanta
            CSeq: 2 BYE
            Content-Length: 0


            """.ReplaceLineEndings("\r\n"),
            dialog.CreateRequest(SipMethod.Bye).ToString());
        Assert.Throws<ArgumentException>(() => dialog.CreateRequest(SipMethod.Ack));
        Assert.Throws<ArgumentException>(() => dialog.CreateRequest(SipMethod.Cancel));
    }

    [Fact]
    public void An_ack_has_number_and_credentials_of_its_invite()
    {
        Dialog dialog = AtClient(Ringing);
        SipRequest reInvite = dialog.CreateRequest(SipMethod.Invite);
        reInvite = reInvite with { Headers = reInvite.Headers.Add(HeaderId.ProxyAuthorization, "Digest a=b").Add(HeaderId.Authorization, "Digest c=d") };
        dialog.TakeSequenceNumber();
        SipRequest ack = dialog.CreateAck(reInvite);
        Assert.Equal("ACK", ack.Method);
        Assert.Equal(new CSeq(315, "ACK"), ack.Headers.CSeq);
        Assert.Equal("Digest a=b", ack.Headers[HeaderId.ProxyAuthorization]);
        Assert.Equal("Digest c=d", ack.Headers[HeaderId.Authorization]);
        Assert.Equal(316u, dialog.LocalSequenceNumber);
        Assert.Throws<ArgumentException>(() => dialog.CreateAck(new SipRequest(SipMethod.Invite, SipUri.Parse("sip:b@c"))));
    }

    [Fact]
    public void Requests_are_placed_by_tags_call_id_and_number()
    {
        Dialog dialog = AtServer(Invite);
        Assert.Equal(DialogRequestResult.Ok, Take(dialog, "BYE", 320));
        Assert.Equal(DialogRequestResult.OutOfOrder, Take(dialog, "INFO", 320));
        Assert.Equal(DialogRequestResult.OutOfOrder, Take(dialog, "INFO", 319));
        Assert.Equal(DialogRequestResult.Ok, Take(dialog, "ACK", 314));
        Assert.Equal(DialogRequestResult.Ok, Take(dialog, "CANCEL", 314));
        Assert.Equal(320u, dialog.RemoteSequenceNumber);
        Assert.Equal(DialogRequestResult.Ok, Take(dialog, "INFO", 321, fromTag: "A1", toTag: "B1"));
        Assert.Equal(DialogRequestResult.UnknownDialog, Take(dialog, "INFO", 322, fromTag: "other"));
        Assert.Equal(DialogRequestResult.UnknownDialog, Take(dialog, "INFO", 322, toTag: "other"));
        Assert.Equal(DialogRequestResult.UnknownDialog, Take(dialog, "INFO", 322, callId: "C1@atlanta"));
        Assert.Equal(DialogRequestResult.Malformed, Take(dialog, "INFO", -1));
        Assert.Equal(321u, dialog.RemoteSequenceNumber);
        dialog.Terminate();
        Assert.Equal(DialogRequestResult.UnknownDialog, Take(dialog, "INFO", 330));
    }

    [Fact]
    public void The_first_request_to_a_client_sets_the_number()
    {
        Dialog dialog = AtClient(Ringing);
        Assert.Equal(DialogRequestResult.Ok, Take(dialog, "INFO", 0, fromTag: "b1", toTag: "a1"));
        Assert.Equal(DialogRequestResult.OutOfOrder, Take(dialog, "INFO", 0, fromTag: "b1", toTag: "a1"));
    }

    [Fact]
    public void A_target_refresh_moves_the_target_and_not_the_routes()
    {
        Dialog dialog = AtServer(Invite);
        Assert.True(Read(Invite.Replace("pc33", "pc34", StringComparison.Ordinal).Replace("sip:p2;lr", "sip:p9;lr", StringComparison.Ordinal), (in SipMessageView view) => dialog.Refresh(view)));
        Assert.Equal("sip:alice@pc34.atlanta.example", Text(dialog.RemoteTarget));
        Assert.Equal("sip:p2;lr", Text(dialog.NextHop));
        Assert.True(Read(Without(Invite, "Contact"), (in SipMessageView view) => dialog.Refresh(view)));
        Assert.False(Read(Invite.Replace("<sip:alice@pc33.atlanta.example>", "*", StringComparison.Ordinal), (in SipMessageView view) => dialog.Refresh(view)));
        Assert.False(Read(Invite.Replace("<sip:alice@pc33.atlanta.example>", "<tel:+49>", StringComparison.Ordinal), (in SipMessageView view) => dialog.Refresh(view)));
        Assert.Equal("sip:alice@pc34.atlanta.example", Text(dialog.RemoteTarget));
    }

    [Theory]
    [InlineData("From")]
    [InlineData("To")]
    [InlineData("Call-ID")]
    [InlineData("CSeq")]
    [InlineData("Contact")]
    public void A_request_that_lacks_a_part_makes_no_dialog(string header) =>
        Assert.False(Read(Without(Invite, header), (in SipMessageView view) => Dialog.TryCreateAtServer(view, "b1"u8, isOverTls: false, out _)));

    [Theory]
    [InlineData("From")]
    [InlineData("To")]
    [InlineData("Call-ID")]
    [InlineData("CSeq")]
    public void A_response_that_lacks_a_part_makes_no_dialog(string header) =>
        Assert.False(Read(Without(Ringing, header), (in SipMessageView view) => Dialog.TryCreateAtClient(view, "sip:bob@biloxi.example"u8, isOverTls: false, out _)));

    [Theory]
    [InlineData("SIP/2.0 180 Ringing", "SIP/2.0 100 Trying")]
    [InlineData("SIP/2.0 180 Ringing", "SIP/2.0 302 Moved")]
    [InlineData(";tag=b1", "")]
    [InlineData("Record-Route: <sip:p1;lr>", "Record-Route: <sip:p1;lr")]
    [InlineData("Record-Route: <sip:p1;lr>", "Record-Route: <nonsense>")]
    [InlineData("<sip:bob@192.0.2.4>", "*")]
    public void Some_responses_make_no_dialog(string part, string replacement) =>
        Assert.False(Read(Ringing.Replace(part, replacement, StringComparison.Ordinal), (in SipMessageView view) => Dialog.TryCreateAtClient(view, "sip:b@c"u8, isOverTls: false, out _)));

    [Fact]
    public void Peers_of_rfc_2543_may_have_no_tag_and_ringing_phones_no_contact()
    {
        Dialog dialog = AtClient(Without(Ringing, "Contact").Replace("180 Ringing", "200 OK", StringComparison.Ordinal).Replace(";tag=b1", "", StringComparison.Ordinal));
        Assert.Equal(DialogState.Confirmed, dialog.State);
        Assert.True(dialog.RemoteTag.IsEmpty);
        Assert.Equal("Bob <sip:bob@biloxi.example>", Text(dialog.To));
        Assert.Equal("sip:bob@biloxi.example", Text(dialog.RemoteTarget));
    }

    [Theory]
    [InlineData("sip:bob@biloxi.example", "<sip:p2;lr>", "sip:alice@", false)]
    [InlineData("sips:bob@biloxi.example", "<sip:p2;lr>", "sip:alice@", true)]
    [InlineData("sip:bob@biloxi.example", "<sips:p2;lr>", "sip:alice@", true)]
    [InlineData("sip:bob@biloxi.example", "<sip:p2;lr>", "sips:alice@", false)]
    [InlineData("sip:bob@biloxi.example", null, "sips:alice@", true)]
    [InlineData("sip:bob@biloxi.example", null, "sip:alice@", false)]
    public void A_sips_request_needs_a_sips_contact(string requestUri, string? route, string contact, bool expected)
    {
        string invite = Invite.Replace("INVITE sip:bob@biloxi.example", $"INVITE {requestUri}", StringComparison.Ordinal)
            .Replace("Contact: <sip:alice@", $"Contact: <{contact}", StringComparison.Ordinal);
        invite = route is null ? Without(invite, "Record-Route") : invite.Replace("<sip:p2;lr>", route, StringComparison.Ordinal);
        Assert.Equal(expected, Read(invite, (in SipMessageView view) => Dialog.NeedsSecureContact(view)));
    }

    [Fact]
    public void A_dialog_is_secure_over_tls_with_a_sips_uri()
    {
        string secure = Invite.Replace("INVITE sip:", "INVITE sips:", StringComparison.Ordinal);
        Assert.True(Make(secure, isOverTls: true).IsSecure);
        Assert.False(Make(secure, isOverTls: false).IsSecure);
        Assert.False(Make(Invite, isOverTls: true).IsSecure);

        static Dialog Make(string invite, bool isOverTls)
        {
            Dialog? dialog = null;
            Assert.True(Read(invite, (in SipMessageView view) => Dialog.TryCreateAtServer(view, "b1"u8, isOverTls, out dialog)));
            return dialog!;
        }
    }

    [Theory]
    [InlineData(408, true)]
    [InlineData(481, true)]
    [InlineData(404, true)]
    [InlineData(480, true)]
    [InlineData(502, true)]
    [InlineData(604, true)]
    [InlineData(403, false)]
    [InlineData(405, false)]
    [InlineData(486, false)]
    [InlineData(488, false)]
    [InlineData(503, false)]
    [InlineData(600, false)]
    [InlineData(603, false)]
    [InlineData(500, false)]
    [InlineData(491, false)]
    public void Some_responses_end_the_dialog(int statusCode, bool expected) => Assert.Equal(expected, Dialog.IsEndedBy(statusCode));

    /// <summary>What one side makes is in the other's dialog, whichever side begins and however many routers are between.</summary>
    [Fact]
    public void Both_sides_understand_each_other()
    {
        Dialog callee = AtServer(Invite);
        string response = "SIP/2.0 200 OK\n" + string.Join('\n', Invite.Split('\n').Skip(1).Where(line => !line.StartsWith("Contact", StringComparison.Ordinal)))
            .Replace("To: Bob <sip:bob@biloxi.example>", "To: Bob <sip:bob@biloxi.example>;tag=b1", StringComparison.Ordinal) + "\nContact: <sip:bob@192.0.2.4>";
        Dialog caller = AtClient(response);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(DialogRequestResult.Ok, Read(caller.CreateRequest(SipMethod.Info).ToString(), (in SipMessageView view) => callee.TryTakeRequest(view)));
            Assert.Equal(DialogRequestResult.Ok, Read(callee.CreateRequest(SipMethod.Info).ToString(), (in SipMessageView view) => caller.TryTakeRequest(view)));
        }
    }

    private delegate T Reader<T>(in SipMessageView view);

    private static DialogRequestResult Take(Dialog dialog, string method, int number, string fromTag = "a1", string toTag = "b1", string callId = "c1@atlanta") =>
        Read(
            $"{method} sip:bob@192.0.2.4 SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK9\nFrom: <sip:x@y>;tag={fromTag}\nTo: <sip:z@y>;tag={toTag}\nCall-ID: {callId}\nCSeq: {number} {method}",
            (in SipMessageView view) => dialog.TryTakeRequest(view));

    private static Dialog AtServer(string request)
    {
        Dialog? dialog = null;
        Assert.True(Read(request, (in SipMessageView view) => Dialog.TryCreateAtServer(view, "b1"u8, isOverTls: false, out dialog)));
        return dialog!;
    }

    private static Dialog AtClient(string response)
    {
        Dialog? dialog = null;
        Assert.True(Read(response, (in SipMessageView view) => Dialog.TryCreateAtClient(view, "sip:bob@biloxi.example"u8, isOverTls: false, out dialog)));
        return dialog!;
    }

    private static string Without(string message, string header) =>
        string.Join('\n', message.Split('\n').Where(line => !line.StartsWith(header + ":", StringComparison.Ordinal)));

    private static T Read<T>(string message, Reader<T> reader)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(message.TrimEnd().ReplaceLineEndings("\r\n") + "\r\n\r\n");
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(bytes, index, out SipParseResult result), $"{result.Error}");
        return reader(new SipMessageView(bytes, index));
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
