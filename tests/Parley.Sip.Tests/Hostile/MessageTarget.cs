using System.Text;
using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Hostile;

/// <summary>The parser, every view over what it accepts, and whatever is written out of that.</summary>
internal static class MessageTarget
{
    private static readonly SeededHash128 Hash = new(1, 2);
    private static readonly NetworkAddress Source = NetworkAddress.FromIPv4(0xC000_0207, 5061);

    [ThreadStatic]
    private static SipMessageIndex? _used;

    public static ulong Run(byte[] input)
    {
        // In the middle of other bytes: what looks further than it may sees them. The index has served other messages before.
        byte[] surrounded = [.. "Via: x\r\n\r\n"u8, .. input, .. "\r\nl: 9\r\n\r\nVia: y"u8];
        ReadOnlySpan<byte> bytes = surrounded.AsSpan(10, input.Length);
        ulong seen = Look(bytes, _used ??= new SipMessageIndex());
        Must.Hold(seen == Look(bytes, new SipMessageIndex()), "An index that was used before finds something else");
        return seen;
    }

    private static ulong Look(ReadOnlySpan<byte> bytes, SipMessageIndex index)
    {
        var seen = new Features();
        bool isMessage = SipParser.TryIndex(bytes, index, out SipParseResult result);
        seen.Add((int)result.Kind);
        seen.Add((int)result.Error);
        seen.Add(result.IsIndexed);
        Must.Hold(isMessage == result.IsMessage && result.Offset >= 0 && result.Offset <= bytes.Length && result.Reason.Length > 0, "A result that contradicts itself");
        if (!result.IsIndexed) return seen.Value;
        var view = new SipMessageView(bytes, index);
        LookAtStart(view, ref seen);
        LookAtRows(view, bytes, isMessage);
        foreach (HeaderDefinition definition in HeaderTable.All) LookAtHeader(view, bytes, definition, ref seen);
        LookAtWellKnown(view, ref seen);
        bool isValid = isMessage && view.IsRequest && Check(view, ref seen);
        if (view.IsRequest) WriteResponse(view, isValid);
        if (!isMessage) return seen.Value;
        _ = TransactionKey.TryForResponse(Hash, view, out _);
        Must.Hold(!isValid || TransactionKey.TryForRequest(Hash, view, out _), "A request without a transaction");
        Must.Hold(!isValid || TransactionKey.TryForCancelled(Hash, view, out _), "A request without a transaction");
        WriteObject(view);
        Forward(view, isValid);
        SdpTarget.Look(view.Body, ref seen);
        return seen.Value;
    }

    private static bool Check(scoped in SipMessageView request, ref Features seen)
    {
        bool isValid = SipRequestValidator.TryCheck(request, out SipRefusal refusal);
        Must.Hold(isValid == refusal.Reason.IsEmpty, "A refusal without a reason");
        seen.Add(refusal.Status);
        seen.Add((int)refusal.Header);
        seen.Add(refusal.CanAnswer);
        return isValid;
    }

    private static void LookAtStart(scoped in SipMessageView view, ref Features seen)
    {
        seen.Add(view.IsRequest);
        seen.Add((int)view.Method);
        seen.Add(view.StatusCode / 100);
        seen.Add(view.IsVersion2);
        _ = view.MethodBytes.Length + view.Version.Length + view.ReasonPhrase.Length + view.StartLine.Length + view.BodyLength + view.Bytes.Length;
        if (view.TryGetRequestUri(out SipUriView uri) == HeaderStatus.Ok) AddressTarget.LookAtUri(uri.Bytes, 0, ref seen);
    }

    private static void LookAtRows(scoped in SipMessageView view, ReadOnlySpan<byte> bytes, bool isMessage)
    {
        int end = view.Index.Count > 0 ? view.Index[0].RowOffset : 0;
        for (int row = 0; row < view.Index.Count; row++)
        {
            Must.Hold(view.Index[row].RowOffset == end, "A gap between rows");
            end = view.Index.RowEnd(row);
            Must.Hold(bytes[end - 2] == '\r' && bytes[end - 1] == '\n', "A row without its line end");
            Must.StandAt(bytes, view.Index[row].ValueOffset, view.RowValue(row), "Row");
            ReadOnlySpan<byte> name = view.RowName(row);
            int next = view.Index.NextRow(row);
            Must.Hold(next < 0 || (next > row && view.Index[next].Id == view.Index[row].Id), "Another header's row");
            if (!isMessage || view.Index[row].Id != HeaderId.Unknown) continue;
            bool isFound = false;
            foreach (HeaderValue value in view.Values(name)) isFound |= value.Row == row;
            Must.Hold(isFound, "A row that its name does not find");
        }
    }

    private static void LookAtHeader(scoped in SipMessageView view, ReadOnlySpan<byte> bytes, HeaderDefinition definition, ref Features seen)
    {
        HeaderId id = definition.Id;
        bool has = view.Has(id);
        HeaderStatus single = view.TryGetSingle(id, out HeaderValue only);
        Must.Hold(has == (single != HeaderStatus.Missing), "A header that is there and missing");
        Must.Hold(has || !view.TryGetFirst(id, out _), "A value of a header that is missing");
        if (!has) return;
        seen.Add((int)id);
        seen.Add((int)single);
        Must.StandAt(bytes, only.Offset, only.Bytes, definition.Name);
        _ = view.TryGetSeconds(id, out _);
        _ = view.TryGetNumber(id, out _);
        _ = view.TryGetAddress(id, out _);
        _ = view.TryGetParameterized(id, out _);
        _ = view.HasToken(id, "x"u8);
        _ = SipRequestValidator.TryCheckHeader(view, id, isMandatory: true, out _);
        int last = 0;
        foreach (HeaderValue value in view.Values(id))
        {
            Must.StandAt(bytes, value.Offset, value.Bytes, definition.Name);
            Must.Hold(value.Offset >= last, "Values out of order");
            last = value.Offset + value.Length;
            bool isWellFormed = HeaderGrammar.IsWellFormed(id, value.Bytes);
            seen.Add(isWellFormed);
            seen.Add(value.IsClosed);
            LookAtValue(value, definition.Syntax, isWellFormed && value.IsClosed, ref seen);
        }
    }

    // Each value as what it should be, and, being hostile, some as what they should not.
    private static void LookAtValue(scoped in HeaderValue value, HeaderSyntax syntax, bool isWellFormed, ref Features seen)
    {
        switch (syntax)
        {
            case HeaderSyntax.Via:
                AddressTarget.LookAtVia(value.Bytes, value.Offset, ref seen);
                Must.Hold(ViaView.TryParse(value, out _) == isWellFormed, "A Via by one measure only");
                break;
            case HeaderSyntax.NameAddress or HeaderSyntax.BracketedAddress:
                AddressTarget.LookAtAddress(value.Bytes, value.Offset, ref seen);
                break;
            case HeaderSyntax.Contact:
                if (ContactView.TryParse(value, out ContactView contact) && !contact.IsStar)
                {
                    seen.Add(contact.Q >= 0);
                    seen.Add(contact.HasExpires);
                    Must.Hold(contact.Q is >= -1 and <= 1000, "A preference out of range");
                }

                AddressTarget.LookAtAddress(value.Bytes, value.Offset, ref seen);
                break;
            case HeaderSyntax.Credentials:
                CredentialsTarget.Look(value.Bytes, ref seen);
                break;
            case HeaderSyntax.MediaType when MediaTypeView.TryParse(value.Bytes, value.Offset, out MediaTypeView media):
                _ = media.Covers(media.Type, media.Subtype);
                foreach (ParameterView parameter in media.Parameters) _ = parameter.Value.Length;
                break;
            case HeaderSyntax.CSeq:
                _ = CSeq.TryParse(Encoding.UTF8.GetString(value.Bytes), out _);
                break;
            default:
                if (ParameterizedValueView.TryParse(value.Bytes, value.Offset, out ParameterizedValueView view))
                {
                    foreach (ParameterView parameter in view.Parameters) _ = parameter.Value.Length;
                }

                break;
        }
    }

    private static void LookAtWellKnown(scoped in SipMessageView view, ref Features seen)
    {
        seen.Add((int)view.TryGetVia(out ViaView via));
        seen.Add((int)view.TryGetFrom(out NameAddressView from));
        seen.Add((int)view.TryGetTo(out NameAddressView to));
        seen.Add((int)view.TryGetCallId(out _));
        seen.Add((int)view.TryGetCSeq(out _));
        seen.Add((int)view.TryGetMaxForwards(out int hops));
        seen.Add((int)view.TryGetContentLength(out _));
        seen.Add((int)view.TryGetExpires(out _));
        seen.Add((int)view.TryGetContentType(out _));
        seen.Add((int)view.TryGetContact(out _));
        seen.Add((int)view.TryGetRoute(out _));
        seen.Add((int)view.TryGetRAck(out _));
        Must.Hold(hops is >= 0 and <= 255, "Hops out of range");

        // What was read first is kept in the index; reading it again must give the same.
        Must.Hold(view.TryGetVia(out ViaView sameVia) == HeaderStatus.Missing || via.Bytes.SequenceEqual(sameVia.Bytes), "Another Via the second time");
        Must.Hold(view.TryGetFrom(out NameAddressView sameFrom) == HeaderStatus.Missing || from.Tag.SequenceEqual(sameFrom.Tag), "Another From the second time");
        Must.Hold(view.TryGetTo(out NameAddressView sameTo) == HeaderStatus.Missing || to.Uri.SequenceEqual(sameTo.Uri), "Another To the second time");
    }

    private static void WriteResponse(scoped in SipMessageView request, bool isValid)
    {
        var destination = new byte[request.Bytes.Length + 1024];
        var writer = new SipResponseWriter(destination);
        writer.Start(request, 400, "tag"u8, "Why not"u8, Source);
        Must.Hold(writer.TryFinish(out int written), "No room for a response");
        var index = new SipMessageIndex();
        bool isResponse = SipParser.TryIndex(destination.AsSpan(0, written), index, out SipParseResult result) && result.Kind == SipParseKind.Response;
        Must.Hold(isResponse || result.Kind == SipParseKind.TooLarge, $"Not a response: {result.Reason}");
        if (!isResponse || !isValid) return;
        var response = new SipMessageView(destination.AsSpan(0, written), index);
        Must.Hold(Count(response, HeaderId.Via) == Count(request, HeaderId.Via), "Another number of Vias in the response");
        Must.Hold(response.TryGetVia(out ViaView via) == HeaderStatus.Ok, "A response without a Via");
        Must.Hold(!via.HasRport || via.Rport == Source.Port, "A response without its port");
        Must.Hold(response.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && !to.Tag.IsEmpty, "A response without a tag");
        Must.Hold(response.TryGetCSeq(out _) == HeaderStatus.Ok && response.TryGetFrom(out _) == HeaderStatus.Ok && response.TryGetCallId(out _) == HeaderStatus.Ok, "A response that belongs to nothing");
        var other = new byte[request.Bytes.Length + 1024];
        if (SipRequestWriter.TryWriteCancel(request, default, other, out written)) MustBeValid(other.AsSpan(0, written), "CANCEL");
        if (SipRequestWriter.TryWriteAck(request, response, other, out written)) MustBeValid(other.AsSpan(0, written), "ACK");
    }

    private static void MustBeValid(ReadOnlySpan<byte> bytes, string what)
    {
        var index = new SipMessageIndex();
        bool isMessage = SipParser.TryIndex(bytes, index, out SipParseResult result);
        Must.Hold(isMessage || result.Kind == SipParseKind.TooLarge, $"{what}: {result.Reason}");
        if (!isMessage) return;
        bool isValid = SipRequestValidator.TryCheck(new SipMessageView(bytes, index), out SipRefusal refusal);
        Must.Hold(isValid, isValid ? "" : $"{what}: {Encoding.UTF8.GetString(refusal.Reason)}");
    }

    private static void WriteObject(scoped in SipMessageView view)
    {
        if (SipRequest.TryFrom(view, out SipRequest? request))
        {
            _ = request.Headers.Vias.Count() + request.Headers.Addresses(HeaderId.Route).Count() + request.Headers.Addresses(HeaderId.Contact).Count();
            _ = (request.Headers.From, request.Headers.To, request.Headers.CSeq, request.Headers.MaxForwards, request.Headers.Expires);
            _ = SipResponse.To(request, 200, "tag").ToBytes();
            bool isRead = SipRequest.TryParse(request.ToBytes(), out SipRequest? again, out SipParseResult result);
            Must.Hold(isRead || result.Kind == SipParseKind.TooLarge, $"Not a request once it is written: {result.Reason}");
            Must.Hold(!isRead || request == again, $"Another request once it is written: {request}");
        }
        else if (SipResponse.TryFrom(view, out SipResponse? response))
        {
            bool isRead = SipResponse.TryParse(response.ToBytes(), out SipResponse? again, out SipParseResult result);
            Must.Hold(isRead || result.Kind == SipParseKind.TooLarge, $"Not a response once it is written: {result.Reason}");
            Must.Hold(!isRead || response == again, $"Another response once it is written: {response}");
        }
    }

    // As a proxy does it: what was fine stays fine, with one Via more and one Route less.
    private static void Forward(scoped in SipMessageView view, bool isValid)
    {
        var edits = new SipEdits();
        byte[] copy = Apply(edits, view);
        Must.Hold(copy.AsSpan().SequenceEqual(view.Bytes), "Another message without a change");
        if (view.IsRequest)
        {
            edits.SetRequestUri(view, "sip:next.example"u8);
            if (view.TryGetVia(out ViaView top) == HeaderStatus.Ok) edits.StampVia(top, Source);
            edits.SetMaxForwards(view, 69);
            edits.RemoveFirstValues(view, HeaderId.Route);
            edits.RemoveLastValue(view, HeaderId.Contact);
            edits.EnsureContentLength(view);
            edits.PrependValue(view, HeaderId.Via, "SIP/2.0/UDP me.example;branch=z9hG4bKme"u8);
        }
        else
        {
            edits.RemoveFirstValues(view, HeaderId.Via);
        }

        byte[] forwarded = Apply(edits, view);
        var index = new SipMessageIndex();
        bool isMessage = SipParser.TryIndex(forwarded, index, out SipParseResult result);
        Must.Hold(isMessage || result.Kind == SipParseKind.TooLarge, $"Not a message once it is forwarded: {result.Reason}");
        if (!isMessage) return;
        var next = new SipMessageView(forwarded, index);
        Must.Hold(next.Body.SequenceEqual(view.Body), "Another body once it is forwarded");
        Must.Hold(Count(next, HeaderId.Via) == Math.Max(0, Count(view, HeaderId.Via) + (view.IsRequest ? 1 : -1)), "Another number of Vias once it is forwarded");
        if (!view.IsRequest) return;
        Must.Hold(Count(next, HeaderId.Route) == Math.Max(0, Count(view, HeaderId.Route) - 1), "Another number of Routes once it is forwarded");
        Must.Hold(Count(next, HeaderId.Contact) == Math.Max(0, Count(view, HeaderId.Contact) - 1), "Another number of Contacts once it is forwarded");
        if (isValid) MustBeValid(forwarded, "Forwarded");
    }

    private static byte[] Apply(SipEdits edits, scoped in SipMessageView view)
    {
        int length = edits.Measure(view);
        var bytes = new byte[length];
        Must.Hold(edits.TryApply(view, bytes, out int written) && written == length, "Another length than was measured");
        Must.Hold(length == 0 || !edits.TryApply(view, new byte[length - 1], out _), "More bytes than there is room");
        return bytes;
    }

    private static int Count(scoped in SipMessageView view, HeaderId id)
    {
        int count = 0;
        foreach (HeaderValue _ in view.Values(id)) count++;
        return count;
    }
}
