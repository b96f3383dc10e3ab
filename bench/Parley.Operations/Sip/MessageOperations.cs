using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Operations.Sip;

/// <summary>What a proxy does with one INVITE of 600 bytes, step by step and as a whole.</summary>
public sealed class MessageOperations : IDisposable
{
    private static readonly NetworkAddress Source = NetworkAddress.FromIPv4(0xC0000265, 5060);

    private readonly byte[] _invite = Encoding.ASCII.GetBytes(InviteText);
    private readonly byte[] _written = new byte[4096];
    private readonly SipMessageIndex _index = new();
    private readonly SipMessageIndex _parsed = new();
    private readonly SipEdits _edits = new();
    private readonly SipMessagePool _messages = new(new BufferPool());
    private readonly SipStreamFramer _framer = new(SipLimits.Default, new BufferPool(), isAccepted: true);

    public MessageOperations()
    {
        if (_invite.Length != 600) throw new InvalidOperationException($"The INVITE has {_invite.Length} bytes.");
        if (!SipParser.TryIndex(_invite, _parsed, out SipParseResult result)) throw new InvalidOperationException(result.Reason);
    }

    /// <summary>A call through an outbound proxy as a desk phone sends it, without SDP.</summary>
    public static string InviteText { get; } =
        "INVITE sip:bob@biloxi.example SIP/2.0\r\n" +
        "Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK776asdhds8a7f;rport\r\n" +
        "Max-Forwards: 70\r\n" +
        "Route: <sip:proxy.atlanta.example;lr>\r\n" +
        "From: \"Alice Liddell\" <sip:alice@atlanta.example>;tag=1928301774\r\n" +
        "To: <sip:bob@biloxi.example>\r\n" +
        "Call-ID: 8f3b1c5e2d7a49608c1f@192.0.2.101\r\n" +
        "CSeq: 314159 INVITE\r\n" +
        "Contact: <sip:alice@192.0.2.101:5060;transport=udp>;expires=3600\r\n" +
        "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n" +
        "Supported: replaces, timer, path, gruu\r\n" +
        "User-Agent: Example Phone 4.2.1 (build 20260117-r2)\r\n" +
        "Session-Expires: 1800\r\n" +
        "Content-Length: 0\r\n\r\n";

    public IEnumerable<Operation> All =>
    [
        new("MessageBenchmarks.Index", Index),
        new("MessageBenchmarks.ReadForRouting", ReadForRouting),
        new("MessageBenchmarks.Validate", Validate),
        new("MessageBenchmarks.WriteResponse", WriteResponse),
        new("MessageBenchmarks.WriteCancel", WriteCancel),
        new("MessageBenchmarks.EditAndForward", EditAndForward),
        new("MessageBenchmarks.ParseEditAndForward", ParseEditAndForward),
        new("MessageBenchmarks.CopyAndRelease", CopyAndRelease),
        new("MessageBenchmarks.FrameInTwoPieces", FrameInTwoPieces),
    ];

    public void Dispose() => _framer.Dispose();

    public int Index()
    {
        SipParser.TryIndex(_invite, _index, out _);
        return _index.Count;
    }

    /// <summary>What a proxy reads of a request before it knows where it goes.</summary>
    public int ReadForRouting()
    {
        var view = new SipMessageView(_invite, _parsed);
        view.TryGetVia(out ViaView via);
        view.TryGetCallId(out ReadOnlySpan<byte> callId);
        view.TryGetCSeq(out CSeqView cseq);
        view.TryGetMaxForwards(out int hops);
        view.TryGetRequestUri(out SipUriView uri);
        view.TryGetRoute(out NameAddressView route);
        route.TryGetUri(out SipUriView routeUri);
        view.TryGetTo(out NameAddressView to);
        return via.Branch.Length + callId.Length + (int)cseq.Number + hops + uri.Host.Length + routeUri.Host.Length + to.Tag.Length;
    }

    public int Validate() => SipRequestValidator.TryCheck(new SipMessageView(_invite, _parsed), out _) ? 1 : 0;

    public int WriteResponse()
    {
        var writer = new SipResponseWriter(_written);
        writer.Start(new SipMessageView(_invite, _parsed), 180, "8a9fc2d1"u8, default, Source);
        writer.TryFinish(out int written);
        return written;
    }

    public int WriteCancel()
    {
        SipRequestWriter.TryWriteCancel(new SipMessageView(_invite, _parsed), default, _written, out int written);
        return written;
    }

    public int EditAndForward() => Forward(new SipMessageView(_invite, _parsed));

    /// <summary>The whole of a stateless forward but for the look-up of the next hop.</summary>
    public int ParseEditAndForward()
    {
        if (!SipParser.TryIndex(_invite, _index, out _)) return 0;
        var view = new SipMessageView(_invite, _index);
        return SipRequestValidator.TryCheck(view, out _) ? Forward(view) : 0;
    }

    public int CopyAndRelease()
    {
        SipMessage message = _messages.Copy(new SipMessageView(_invite, _parsed));
        int length = message.View.Bytes.Length;
        message.Release();
        return length;
    }

    public int FrameInTwoPieces()
    {
        ReadOnlySpan<byte> first = _invite.AsSpan(0, 300), second = _invite.AsSpan(300);
        _framer.Next(ref first, _index);
        return _framer.Next(ref second, _index).Bytes.Length;
    }

    private int Forward(scoped in SipMessageView view)
    {
        _edits.Clear();
        if (view.TryGetVia(out ViaView via) != HeaderStatus.Ok || view.TryGetMaxForwards(out int hops) != HeaderStatus.Ok) return 0;
        _edits.SetRequestUri(view, "sip:bob@192.0.2.4:5060;transport=udp"u8);
        _edits.StampVia(via, Source);
        _edits.PrependValue(view, HeaderId.Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK87asdks7f1e2d3"u8);
        _edits.RemoveFirstValues(view, HeaderId.Route);
        _edits.PrependValue(view, HeaderId.RecordRoute, "<sip:192.0.2.1:5060;lr>"u8);
        _edits.SetMaxForwards(view, hops - 1);
        _edits.TryApply(view, _written, out int written);
        return written;
    }
}
