using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip.Overload;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A lane's way in: bytes become a message, the message finds its lane and its transaction, and what is left is the transaction user's.</summary>
/// <remarks>Source: RFC 3261 18.1.2, 18.2.1, 17.1.3, 17.2.3, 16.3.</remarks>
internal sealed class SipReceiver
{
    private const int ReplyRoomBytes = 512;     // what a reply may have more than its request: tag, stamp, status line

    private readonly SipLane _lane;
    private readonly SipMessagePool _messages;
    private readonly ISipSourceFilter? _filter;
    private readonly Stack<HandOver> _handOvers = new();

    public SipReceiver(SipLane lane)
    {
        _lane = lane;
        _messages = new SipMessagePool(lane.Loop.Buffers);
        Index = new SipMessageIndex(lane.Endpoint.Options.Limits);
        _filter = lane.Endpoint.Options.SourceFilter;
    }

    /// <summary>Of the message that is being received.</summary>
    public SipMessageIndex Index { get; }

    /// <summary>Messages that are kept.</summary>
    public long KeptMessages => _messages.Outstanding;

    private SipEndpoint Endpoint => _lane.Endpoint;

    private SipLaneCounters Counters => _lane.Counters;

    public void OnDatagram(Instant now, NetworkAddress local, ReadOnlySpan<byte> datagram, NetworkAddress remote, int listenPoint, OverloadControl overload)
    {
        if (_filter is { IsActive: true } && Refuses(remote)) return;
        int fullness = overload.Socket.Fullness;
        if (overload.Concerns(fullness) && Sheds(now, datagram, remote, listenPoint, overload, fullness)) return;
        OnWhole(now, local, datagram, new SipFlow(SipTransport.Udp, remote, connection: null, listenPoint));
    }

    /// <summary>What came to a multicast group.</summary>
    public void OnGroupDatagram(Instant now, NetworkAddress group, ReadOnlySpan<byte> datagram, NetworkAddress remote, int listenPoint)
    {
        if (_filter is { IsActive: true } && Refuses(remote)) return;
        OnWhole(now, group, datagram, new SipFlow(SipTransport.Udp, remote, connection: null, listenPoint));
    }

    /// <summary>True when nothing that comes from there is looked at.</summary>
    public bool Refuses(NetworkAddress remote)
    {
        if (_filter is not { IsActive: true } || !_filter.Refuses(remote, _lane.Loop.Time.GetUtcNow())) return false;
        Counters.Refused++;
        return true;
    }

    /// <summary>Sheds what is too much.</summary>
    /// <returns>False when it is to be served.</returns>
    private bool Sheds(Instant now, ReadOnlySpan<byte> datagram, NetworkAddress remote, int listenPoint, OverloadControl overload, int fullness)
    {
        overload.Watch(now);
        switch (overload.Admission.Decide(datagram, fullness))
        {
            case AdmissionDecision.Take:
                return false;

            case AdmissionDecision.Refuse when SipParser.TryIndex(datagram, Index, out _):
                var request = new SipMessageView(datagram, Index);
                if (!SipRequestValidator.TryCheck(request, out _) || !TransactionKey.TryForRequest(Endpoint.Hash, request, out TransactionKey key)) return false;
                // One that is under way and only comes again must not be told that it failed.
                if (_lane.Transactions.FindServer(key) is not null || _lane.Transactions.Settled.Contains(key)) return false;
                Counters.Overloaded++;
                Span<byte> row = stackalloc byte[20];
                "Retry-After: "u8.CopyTo(row);
                Utf8Formatter.TryFormat(overload.Admission.NextRetryAfter(), row[13..], out int digits);
                "\r\n"u8.CopyTo(row[(13 + digits)..]);
                Reply(request, new SipFlow(SipTransport.Udp, remote, connection: null, listenPoint), key, new SipReply(503) { Headers = row[..(15 + digits)] });
                return true;

            default:
                Counters.Shed++;
                return true;
        }
    }

    /// <summary>What came is a message as a whole, or none: a datagram, or a message of a WebSocket.</summary>
    public void OnWhole(Instant now, NetworkAddress local, ReadOnlySpan<byte> datagram, in SipFlow flow)
    {
        if (SipParser.TryIndex(datagram, Index, out SipParseResult result))
        {
            var view = new SipMessageView(datagram, Index);
            Endpoint.Options.Trace?.OnMessage(now, isSent: false, local, flow, view.Bytes);
            OnMessage(view, flow);
        }
        else if (result.Kind != SipParseKind.KeepAlive)
        {
            OnMalformed(datagram, result, flow);
        }
    }

    /// <summary>A well-formed message came: it goes to the lane of its Call-ID.</summary>
    public void OnMessage(in SipMessageView message, in SipFlow flow)
    {
        if (Endpoint.Lanes.Count > 1 && message.TryGetCallId(out ReadOnlySpan<byte> callId) == HeaderStatus.Ok)
        {
            SipLane owner = Endpoint.LaneOf(callId);
            if (!ReferenceEquals(owner, _lane))
            {
                HandTo(owner, message, flow);
                return;
            }
        }

        OnOwnMessage(message, flow);
    }

    /// <summary>Answers what is no proper request, where it can be seen that it is meant as one.</summary>
    public void OnMalformed(ReadOnlySpan<byte> bytes, in SipParseResult result, in SipFlow flow)
    {
        Counters.Malformed++;
        if (!result.IsIndexed) return;
        var view = new SipMessageView(bytes, Index);
        if (!view.IsRequest || view.Method == SipMethod.Ack) return;
        int status = result.Error == SipParseError.BodyTooLong ? 413 : result.Kind == SipParseKind.TooLarge ? 513 : 400;
        Refuse(view, flow, status, Encoding.UTF8.GetBytes(result.Reason));
    }

    /// <summary>Builds a response from its request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="key">Its transaction's key, which the To tag is made from when the reply brings none.</param>
    /// <param name="reply">Status and what to add.</param>
    /// <param name="source">Where the request came from.</param>
    /// <param name="isShort">True to leave out who answers.</param>
    public PooledBuffer WriteReply(in SipMessageView request, in TransactionKey key, in SipReply reply, NetworkAddress source, bool isShort = false)
    {
        Span<byte> tag = stackalloc byte[TagBytes];
        if (reply.StatusCode == 100) tag = default;
        else if (reply.ToTag.IsEmpty) WriteTag(tag, key);
        int room = request.Bytes.Length - request.BodyLength + reply.ReasonPhrase.Length + reply.Headers.Length + reply.Body.Length + ReplyRoomBytes;
        PooledBuffer response = _lane.Loop.Buffers.Rent(Math.Min(room, BufferPool.MaxLengthBytes));
        try
        {
            var writer = new SipResponseWriter(response.Whole);
            writer.Start(request, reply.StatusCode, reply.ToTag.IsEmpty ? tag : reply.ToTag, reply.ReasonPhrase, source);
            if (reply.CopyRecordRoute) writer.CopyHeader(request, HeaderId.RecordRoute);
            if (!reply.Headers.IsEmpty) writer.AddRows(reply.Headers);
            if (!isShort && Endpoint.ServerName is { } server) writer.AddHeader(HeaderId.Server, server);
            if (!writer.TryFinish(reply.ContentType, reply.Body, out int written)) throw new InvalidOperationException("A response is too long to be sent.");
            response.Length = written;
            return response;
        }
        catch
        {
            response.Release();
            throw;
        }
    }

    public SipServerTransaction? CreateServerTransaction(in SipIncomingRequest request, ITransactionUser user)
    {
        SipMessage kept = _messages.Copy(request.Message);
        SipServerTransaction? transaction = _lane.Transactions.CreateServer(request.Key, kept, request.Flow, ReplyFlow(request.Message, request.Flow), user);
        if (transaction is not null) return transaction;
        Counters.Overloaded++;
        Reply(request.Message, request.Flow, request.Key, new SipReply(503) { Headers = "Retry-After: 5\r\n"u8 });
        return null;
    }

    public void Reply(in SipMessageView request, in SipFlow flow, in TransactionKey key, in SipReply reply)
    {
        if (request.Method == SipMethod.Ack) return;
        PooledBuffer? response = WriteReply(request, key, reply, flow.Remote);
        int most = Endpoint.Options.MaxAmplification * request.Bytes.Length;
        if (!flow.IsReliable && most > 0 && response.Length > most) response = Shorten(request, flow, key, reply, response, most);
        if (response is not null) _lane.Send(response, ReplyFlow(request, flow));
    }

    /// <summary>A reply that is too long for a request whose source may be forged: without what can be spared, and of the rows that are added as many as fit.</summary>
    /// <returns>Null when even the least is too long.</returns>
    private PooledBuffer? Shorten(in SipMessageView request, in SipFlow flow, in TransactionKey key, in SipReply reply, PooledBuffer tooLong, int most)
    {
        PooledBuffer? response = tooLong;
        ReadOnlySpan<byte> rows = reply.Headers;
        bool isFirst = true;
        while (response.Length > most)
        {
            response.Release();
            if (rows.IsEmpty && !isFirst)
            {
                Counters.TooMuch++;
                return null;
            }

            if (!isFirst) rows = rows[..(rows[..^1].LastIndexOf((byte)'\n') + 1)];
            isFirst = false;
            response = WriteReply(request, key, new SipReply(reply.StatusCode) { ToTag = reply.ToTag, Headers = rows }, flow.Remote, isShort: true);
        }

        return response;
    }

    public SipServerTransaction? FindCancelled(in SipMessageView cancel) =>
        TransactionKey.TryForCancelled(Endpoint.Hash, cancel, out TransactionKey key) ? _lane.Transactions.FindServer(key) : null;

    public bool CancelsSettled(in SipMessageView cancel) =>
        TransactionKey.TryForCancelled(Endpoint.Hash, cancel, out TransactionKey key) && _lane.Transactions.Settled.Contains(key);

    private void OnOwnMessage(in SipMessageView message, in SipFlow flow)
    {
        if (message.IsRequest) OnRequest(message, flow);
        else OnResponse(message, flow);
    }

    private void OnRequest(in SipMessageView request, in SipFlow flow)
    {
        Counters.RequestsReceived++;
        if (!SipRequestValidator.TryCheck(request, out SipRefusal refusal))
        {
            Counters.Malformed++;
            if (refusal.CanAnswer) Refuse(request, flow, refusal.Status, refusal.Reason);
            return;
        }

        if (!TransactionKey.TryForRequest(Endpoint.Hash, request, out TransactionKey key))
        {
            Counters.Dropped++;
            return;
        }

        SipServerTransaction? known = _lane.Transactions.FindServer(key);
        if (known is not null && !_lane.Transactions.OnRequest(known, request.Method))
        {
            Counters.Absorbed++;
            return;
        }

        if (known is null && (request.Method == SipMethod.Ack ? IsAckOfReply(request, key) : _lane.Transactions.Settled.AnswerAgain(request, flow, key)))
        {
            Counters.Absorbed++;
            return;
        }

        _lane.User.OnRequest(new SipIncomingRequest(_lane, request, flow, key) { Invite = known });
    }

    private void OnResponse(in SipMessageView response, in SipFlow flow)
    {
        Counters.ResponsesReceived++;
        if (!TransactionKey.TryForResponse(Endpoint.Hash, response, out TransactionKey key))
        {
            Counters.Malformed++;
            return;
        }

        if (_lane.Transactions.OnResponse(key, response)) return;
        if (_lane.Transactions.Settled.TryFind(key, out SipFlow upstream))
        {
            if (response.StatusCode is >= 200 and < 300) _lane.User.OnResponseAgain(response, upstream);
            else Counters.Absorbed++;
            return;
        }

        Counters.StrayResponses++;
        _lane.User.OnStrayResponse(response, flow);
    }

    private void Refuse(in SipMessageView request, in SipFlow flow, int status, ReadOnlySpan<byte> reason)
    {
        if (TransactionKey.TryForRequest(Endpoint.Hash, request, out TransactionKey key)) Reply(request, flow, key, new SipReply(status) { ReasonPhrase = reason });
    }

    /// <summary>The way back: over a connection, or by UDP to where the request came from, at the port that the Via asks for.</summary>
    /// <remarks>A unicast maddr is not followed: it would let anybody have answers sent to somebody else. Source: RFC 3261 18.2.2, RFC 3581 4.</remarks>
    private SipFlow ReplyFlow(in SipMessageView request, in SipFlow flow)
    {
        if (request.TryGetVia(out ViaView via) != HeaderStatus.Ok) return flow;
        if (!via.MulticastAddress.IsEmpty && Endpoint.Groups.TryAnswer(flow, via, out SipFlow answer)) return answer;
        ushort sentByPort = via.Port != 0 ? via.Port : flow.Transport == SipTransport.Tls ? (ushort)5061 : (ushort)5060;
        return flow.Transport == SipTransport.Udp && via.HasRport ? flow : flow.WithPort(sentByPort);
    }

    /// <summary>True for the ACK of a reply that was sent without a transaction: only that has the tag made of the transaction's key.</summary>
    private bool IsAckOfReply(in SipMessageView ack, in TransactionKey key)
    {
        Span<byte> tag = stackalloc byte[TagBytes];
        WriteTag(tag, key);
        return ack.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && to.Tag.SequenceEqual(tag);
    }

    private const int TagBytes = 16;

    private void WriteTag(Span<byte> destination, TransactionKey key)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<TransactionKey, ulong>(MemoryMarshal.CreateReadOnlySpan(ref key, 1));
        SipBranches.WriteToken(destination, Endpoint.PublicHash, words[0], words[1]);
    }

    private void HandTo(SipLane owner, in SipMessageView message, in SipFlow flow)
    {
        HandOver work = RentHandOver();
        work.Set(owner, _messages.Copy(message), flow);
        if (owner.Post(work))
        {
            Counters.HandedOver++;
            return;
        }

        Counters.Dropped++;
        work.Drop();
    }

    private HandOver RentHandOver()
    {
        lock (_handOvers)
        {
            return _handOvers.TryPop(out HandOver? work) ? work : new HandOver(this);
        }
    }

    private void Return(HandOver work)
    {
        lock (_handOvers)
        {
            _handOvers.Push(work);
        }
    }

    /// <summary>A message on its way to another lane.</summary>
    private sealed class HandOver(SipReceiver from) : ILoopWork
    {
        private SipLane _owner = null!;
        private SipMessage? _message;
        private SipFlow _flow;

        public void Set(SipLane owner, SipMessage message, in SipFlow flow) => (_owner, _message, _flow) = (owner, message, flow);

        public void Run(Instant now)
        {
            SipMessage message = _message!;
            try
            {
                _owner.Receiver.OnOwnMessage(message.View, _flow);
            }
            finally
            {
                Drop();
            }
        }

        public void Drop()
        {
            _message?.Release();
            _message = null;
            from.Return(this);
        }
    }
}
