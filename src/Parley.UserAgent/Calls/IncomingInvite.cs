using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>Who hears what becomes of the answer to an INVITE.</summary>
internal interface IIncomingInviteOwner
{
    /// <summary>The PRACK of a reliable provisional response came, perhaps with a description. The owner answers it.</summary>
    void OnProgressAcknowledged(IncomingInvite invite, SipServerTransaction prack);

    /// <summary>A reliable provisional response was sent for 64*T1 and no PRACK came (RFC 3262 3).</summary>
    void OnProgressNotAcknowledged(IncomingInvite invite);

    /// <summary>The ACK of the 2xx came, perhaps with the answer to the offer that the 2xx had.</summary>
    void OnAcknowledged(IncomingInvite invite, in SipMessageView ack);

    /// <summary>The 2xx was sent for 64*T1 and no ACK came (RFC 3261 13.3.1.4).</summary>
    void OnNotAcknowledged(IncomingInvite invite);

    /// <summary>The caller gave up (RFC 3261 9.2), or the time that the INVITE gives for an answer is over (13.3.1).</summary>
    void OnCancelled(IncomingInvite invite);

    /// <summary>The INVITE cannot be answered any more: its connection broke.</summary>
    void OnUnreachable(IncomingInvite invite);
}

/// <summary>An INVITE that came, from its arrival to the ACK of its answer.</summary>
/// <remarks>
/// <code>
///          Progress: send, and again every minute
///          reliably: send, and again after T1, 2*T1 .. until the PRACK, or 64*T1: tell
///            +--+
///            |  v       2xx: send, again after T1, 2*T1 .. T2               ACK
/// INVITE -> Pending ---------------------------------------> Accepted ---------------> Closed
///              |                                                 | 64*T1: tell            ^
///              |  300-699                                        +------------------------+
///              +--------------------------------------------------------------------------+
/// </code>
/// A 2xx waits for the PRACK of a description. A minute between provisional responses keeps the proxies on the way from giving
/// up. Source: RFC 3261 13.3.1, RFC 3262 3 and 5.
/// </remarks>
internal sealed class IncomingInvite : LoopTimer
{
    private const int RoomBytes = 512;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMinutes(1);

    private readonly SipServerTransaction _transaction;
    private readonly IIncomingInviteOwner _owner;
    private readonly Instant _expiry = Instant.Never;
    private readonly ReliableProvisional _reliable;
    private Instant _progressAt = Instant.Never;
    private Provisional _progress;
    private byte[] _reliability = [];               // its rows of RFC 3262, if it is reliable
    private Provisional? _nextProgress;             // while the last one waits for its PRACK
    private (byte[] Headers, byte[] Body)? _waitingSuccess;     // likewise
    private PooledBuffer? _success;
    private TimeSpan _interval;
    private Instant _acceptedUntil;

    public IncomingInvite(SipServerTransaction transaction, IIncomingInviteOwner owner, byte[] toTag)
    {
        (_transaction, _owner, ToTag) = (transaction, owner, toTag);
        transaction.State = this;
        SipMessageView request = transaction.Request;
        Sequence = request.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok ? cseq.Number : 0;
        NeedsReliability = request.HasToken(HeaderId.Require, "100rel"u8);
        TakesReliability = NeedsReliability || request.HasToken(HeaderId.Supported, "100rel"u8);
        _reliable = new ReliableProvisional(Sequence, (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue), Lane.Endpoint.Options.Timers.T1);
        if (request.TryGetExpires(out uint seconds) == HeaderStatus.Ok) _expiry = Now + TimeSpan.FromSeconds(seconds);
        Schedule();
    }

    /// <summary>This side's tag, in all responses but 100.</summary>
    public byte[] ToTag { get; }

    /// <summary>The number of its CSeq, which its ACK has too.</summary>
    public uint Sequence { get; }

    /// <summary>True when the caller wants each provisional response reliable.</summary>
    public bool NeedsReliability { get; }

    /// <summary>True when the caller can acknowledge provisional responses.</summary>
    public bool TakesReliability { get; }

    /// <summary>True until the final response.</summary>
    public bool IsPending => !_transaction.IsFinished;

    /// <summary>True while a 2xx waits for its ACK, or to be sent.</summary>
    public bool IsAccepted => _success is not null || _waitingSuccess is not null;

    /// <summary>The flow that it came over.</summary>
    public SipFlow Flow => _transaction.Flow;

    /// <summary>The INVITE, until its final response.</summary>
    public SipMessageView Request => _transaction.Request;

    /// <summary>False when nothing shows that the caller is where the INVITE says that it came from.</summary>
    public bool IsSourceTrusted => _transaction.IsSourceTrusted;

    private SipLane Lane => _transaction.Lane;

    private Instant Now => Lane.Now;

    /// <summary>Sends a provisional response that makes an early dialog.</summary>
    /// <param name="status">101 to 199.</param>
    /// <param name="headers">Contact and what else, as rows.</param>
    /// <param name="body">A description; empty for none.</param>
    /// <param name="isReliable">Whether it is sent until its PRACK comes; one behind another waits for the other's.</param>
    public void Progress(int status, byte[] headers, byte[] body, bool isReliable)
    {
        if (_waitingSuccess is not null) return;
        var progress = new Provisional(status, headers, body, isReliable);
        if (isReliable && _reliable.IsWaiting) _nextProgress = progress;
        else Send(progress);
    }

    /// <summary>Answers with 200 until the ACK comes.</summary>
    /// <param name="headers">Contact and what else, as rows.</param>
    /// <param name="body">The description; empty when provisional responses and PRACKs had it all.</param>
    public void Accept(byte[] headers, byte[] body)
    {
        if (_reliable.IsWaiting && _progress.Body.Length > 0)
        {
            (_waitingSuccess, _nextProgress) = ((headers, body), null);
            return;
        }

        SipMessageView request = _transaction.Request;
        PooledBuffer success = Lane.Loop.Buffers.Rent(request.Bytes.Length - request.BodyLength + headers.Length + body.Length + RoomBytes);
        var writer = new SipResponseWriter(success.Whole);
        writer.Start(request, 200, ToTag, default, _transaction.Flow.Remote);
        writer.CopyHeader(request, HeaderId.RecordRoute);
        writer.AddRows(headers);
        if (!writer.TryFinish("application/sdp"u8, body, out int written)) throw new InvalidOperationException("The answer to an INVITE is too long to be sent.");
        success.Length = written;
        _success = success;
        _interval = Lane.Endpoint.Options.Timers.T1;
        _acceptedUntil = Now + (64 * _interval);
        _transaction.Respond(200, success.Retain());
        Lane.Loop.Schedule(this, Now + _interval);
    }

    /// <summary>Refuses.</summary>
    public void Reject(int status, ReadOnlySpan<byte> reason = default, ReadOnlySpan<byte> headers = default)
    {
        if (IsPending) _transaction.Respond(new SipReply(status) { ToTag = ToTag, ReasonPhrase = reason, Headers = headers });
        Close();
    }

    /// <summary>A PRACK came in the call.</summary>
    /// <returns>True when it acknowledges a response of this INVITE: the owner has answered it then.</returns>
    public bool OnPrack(SipServerTransaction prack)
    {
        if (prack.Request.TryGetRAck(out RAckView rack) != HeaderStatus.Ok) return false;
        if (_reliable.OnPrack(rack.ResponseNumber, rack.CSeq.Number, rack.CSeq.Method) != PrackResult.Acknowledged) return false;
        if (_progress.IsReliable) _progress = _progress with { Body = [] };      // said once; the next one a minute later has nothing new
        if (IsPending) Schedule();
        _owner.OnProgressAcknowledged(this, prack);
        if (!IsPending) return true;
        if (_waitingSuccess is { } success)
        {
            _waitingSuccess = null;
            Accept(success.Headers, success.Body);
        }
        else if (_nextProgress is { } next)
        {
            _nextProgress = null;
            Send(next);
        }

        return true;
    }

    /// <summary>An ACK came in the call.</summary>
    /// <returns>True when it is the one of this INVITE's 2xx.</returns>
    public bool OnAck(in SipMessageView ack)
    {
        if (_success is null || ack.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok || cseq.Number != Sequence) return false;
        Close();
        _owner.OnAcknowledged(this, ack);
        return true;
    }

    /// <summary>A CANCEL came for it; one that comes after the final response changes nothing.</summary>
    public void OnCancel()
    {
        if (IsPending) _owner.OnCancelled(this);
    }

    /// <summary>A response of it could not be sent.</summary>
    public void OnTransportFailed()
    {
        if (IsPending) _owner.OnUnreachable(this);
    }

    /// <summary>Stops waiting: the 2xx is not sent again.</summary>
    public void Close()
    {
        _success?.Release();
        (_success, _waitingSuccess, _nextProgress) = (null, null, null);
        Lane.Loop.Schedule(this, Instant.Never);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (_success is { } success) RepeatSuccess(now, success);
        else if (!IsPending) return;
        else if (now >= _expiry) _owner.OnCancelled(this);
        else if (_reliable.IsWaiting) RepeatReliable(now);
        else if (_waitingSuccess is null) Send(_progress);
    }

    private void Send(in Provisional progress)
    {
        _progress = progress;
        _reliability = progress.IsReliable ? WireText.ToBytes($"Require: 100rel\r\nRSeq: {_reliable.Send(Now)}\r\n") : [];
        _progressAt = Now + ProgressInterval;
        Transmit();
        Schedule();
    }

    private void RepeatReliable(Instant now)
    {
        switch (_reliable.OnDeadline(now))
        {
            case ReliableProvisionalAction.GiveUp:
                _owner.OnProgressNotAcknowledged(this);
                return;
            case ReliableProvisionalAction.Retransmit:
                Transmit();
                break;
        }

        Schedule();
    }

    private void RepeatSuccess(Instant now, PooledBuffer success)
    {
        if (now >= _acceptedUntil)
        {
            Close();
            _owner.OnNotAcknowledged(this);
            return;
        }

        _transaction.Respond(200, success.Retain());
        TimeSpan longest = Lane.Endpoint.Options.Timers.T2;
        _interval = _interval * 2 < longest ? _interval * 2 : longest;
        Lane.Loop.Schedule(this, Instant.Min(now + _interval, _acceptedUntil));
    }

    private void Transmit() => _transaction.Respond(new SipReply(_progress.Status)
    {
        ToTag = ToTag,
        CopyRecordRoute = true,
        Headers = [.. _progress.Headers, .. _reliability],
        ContentType = "application/sdp"u8,
        Body = _progress.Body,
    });

    private void Schedule() =>
        Lane.Loop.Schedule(this, Instant.Min(_expiry, _reliable.IsWaiting ? _reliable.NextDeadline : _progressAt));

    /// <summary>A provisional response.</summary>
    private readonly record struct Provisional(int Status, byte[] Headers, byte[] Body, bool IsReliable);
}
