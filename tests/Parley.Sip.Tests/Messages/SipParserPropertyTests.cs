using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>The index against a second, slow reading of the same bytes, and both against bytes that nobody meant.</summary>
public class SipParserPropertyTests
{
    private static readonly string[] Pieces =
    [
        "OPTIONS sip:a@b.example SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "Via: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport\r\n", "v: SIP / 2.0 / TCP [::1] ;ttl=1\r\n",
        "From: \"A \\\"B\\\"\" <sip:a@b>;tag=1\r\n", "To:sip:b@c;tag=2\r\n", "Call-ID: x@y\r\n", "CSeq: 1 OPTIONS\r\n", "Contact: *\r\n", "m: <sip:x>;q=0.5, \"a,b\" <sip:y>\r\n",
        "Route: <sip:a;lr>, <sip:b;lr>\r\n", "Content-Length: 3\r\n", "l:0\r\n", "Max-Forwards: 70\r\n", "Subject: a\r\n b\r\n", "X-Unknown:\r\n", "Expires: 99999999999\r\n",
        "\r\n", "abc", ":", "\r", "\n", " ", "\t", "<", ">", "\"", ",", ";", "=", "\\", "%", "%41", "sip:", "[", "]", "@", "é", "\0",
        "Authorization: Digest username=\"a\", realm=\"b\\\"c\", nc=1\r\n", "Content-Type: application/sdp;x=1\r\n", "Event: presence;id=1\r\n",
    ];

    private static readonly Gen<byte[]> Messages =
        from which in Gen.Choose(0, Pieces.Length - 1).ArrayOf()
        from startsWell in Gen.Elements(true, true, true, false)
        from endsWell in Gen.Elements(true, true, false)
        select Encoding.UTF8.GetBytes((startsWell ? Pieces[0] : "") + string.Concat(which.Select(i => Pieces[i])) + (endsWell ? "\r\n" : ""));

    [Fact]
    public void The_index_finds_what_a_slow_reader_finds() =>
        Prop.ForAll(Messages.ToArbitrary(), bytes => Check(bytes)).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Mutated_messages_never_throw_and_never_lead_outside()
    {
        byte[] invite = Encoding.ASCII.GetBytes(Operations.Sip.MessageOperations.InviteText);
        var mutations = from changes in Gen.Choose(0, invite.Length - 1).Zip(Gen.Choose(0, 255)).ArrayOf()
                        from cut in Gen.Choose(0, invite.Length)
                        select Mutate(invite, changes, cut);
        Prop.ForAll(mutations.ToArbitrary(), bytes => Check(bytes)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Random_bytes_never_throw() =>
        Prop.ForAll<byte[]>(bytes => Check(bytes)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    private static byte[] Mutate(byte[] original, (int At, int Value)[] changes, int cut)
    {
        byte[] bytes = original[..cut];
        foreach ((int at, int value) in changes)
        {
            if (at < cut) bytes[at] = (byte)value;
        }

        return bytes;
    }

    private static void Check(byte[] bytes)
    {
        // In a longer array, so that reading outside would be seen as other bytes and not as an exception alone.
        byte[] surrounded = [.. "\r\nVia: x\r\n"u8, .. bytes, .. "Via: y\r\nl: 9\r\n\r\n"u8];
        ReadOnlySpan<byte> span = surrounded.AsSpan(10, bytes.Length);
        var index = new SipMessageIndex();
        bool isMessage = SipParser.TryIndex(span, index, out SipParseResult result);
        SlowMessage? slow = SlowMessage.Read(bytes);
        Assert.Equal(isMessage, result.IsMessage);
        Assert.Equal(slow is not null, isMessage);
        if (!result.IsIndexed) return;
        var view = new SipMessageView(span, index);
        Touch(view);
        if (slow is null) return;
        Assert.Equal(slow.StartLine, Latin(view.StartLine));
        Assert.Equal(slow.Rows.Count, index.Count);
        for (int i = 0; i < index.Count; i++)
        {
            Assert.Equal(slow.Rows[i].Name, Latin(view.RowName(i)));
            Assert.Equal(slow.Rows[i].Value, Latin(view.RowValue(i)));
        }

        Assert.Equal(slow.Body, Latin(view.Body));
        foreach (HeaderDefinition definition in HeaderTable.All)
        {
            string[] rows = [.. slow.Rows.Where(row => SlowMessage.Is(row.Name, definition)).Select(row => row.Value)];
            Assert.Equal(rows.Length > 0, view.Has(definition.Id));
            if (rows.Length != 1 && definition.Rows == HeaderRows.Single) continue;
            var values = new List<string>();
            foreach (HeaderValue value in view.Values(definition.Id)) values.Add(Latin(value.Bytes));
            Assert.Equal(rows.SelectMany(row => SlowMessage.Split(row, definition)), values);
        }
    }

    // Asks for everything: it answers something, twice the same, and throws nothing.
    private static void Touch(scoped in SipMessageView view)
    {
        Assert.Equal(view.TryGetVia(out ViaView via), view.TryGetVia(out _));
        _ = via.Host.Length + via.Branch.Length + via.Received.Length + via.MulticastAddress.Length + via.TransportBytes.Length;
        _ = via.HasRfc3261Branch;
        foreach (ParameterView p in via.Parameters) _ = p.Value.Length;
        Assert.Equal(view.TryGetFrom(out NameAddressView from), view.TryGetFrom(out _));
        if (from.TryGetUri(out SipUriView uri)) _ = SipUri.TryFrom(uri, out _);
        _ = view.TryGetTo(out _);
        _ = view.TryGetCSeq(out _);
        _ = view.TryGetCallId(out _);
        _ = view.TryGetMaxForwards(out _);
        _ = view.TryGetExpires(out _);
        _ = view.TryGetContentLength(out _);
        _ = view.TryGetContentType(out _);
        _ = view.TryGetRAck(out _);
        _ = view.TryGetParameterized(HeaderId.Event, out _);
        if (view.TryGetRequestUri(out uri) == HeaderStatus.Ok) Assert.True(SipUriView.Equivalent(uri, uri));
        _ = SipRequestValidator.TryCheck(view, out SipRefusal refusal);
        _ = refusal.Reason.Length;
        for (int id = 1; id < HeaderTable.All.Length; id++) _ = SipRequestValidator.TryCheckHeader(view, (HeaderId)id, isMandatory: true, out _);
        foreach (HeaderValue value in view.Values(HeaderId.Contact))
        {
            if (ContactView.TryParse(value, out ContactView contact) && !contact.IsStar) _ = NameAddress.TryFrom(contact.Address, out _);
        }

        foreach (HeaderValue value in view.Values(HeaderId.Authorization))
        {
            if (!CredentialsView.TryParse(value.Bytes, out CredentialsView credentials)) continue;
            foreach (CredentialParameterView p in credentials.Parameters) _ = p.Value.Length;
        }

        if (SipRequest.TryFrom(view, out SipRequest? request)) _ = request.ToBytes();
        if (SipResponse.TryFrom(view, out SipResponse? response)) _ = response.ToBytes();
        var destination = new byte[4096];
        var writer = new SipResponseWriter(destination);
        writer.Start(view, 400, "tag"u8, default, Core.NetworkAddress.FromIPv4(0x7F000001, 5060));
        Assert.True(writer.TryFinish(out int written));
        _ = new TestMessage(destination[..written]);
        _ = SipRequestWriter.TryWriteCancel(view, default, destination, out _);
        var edits = new SipEdits();
        edits.RemoveFirstValues(view, HeaderId.Route);
        edits.RemoveLastValue(view, HeaderId.Contact);
        edits.SetMaxForwards(view, 1);
        edits.SetBody(view, "a/b"u8, "c"u8);
        Assert.True(edits.TryApply(view, destination, out written));
        Assert.Equal(edits.Measure(view), written);
    }

    private static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
