using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>Who hears what becomes of the answer to an INVITE.</summary>
internal interface IIncomingInviteOwner
{
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
///            +--+
///            |  v       2xx: send, again after T1, 2*T1 .. T2               ACK
/// INVITE -> Pending ---------------------------------------> Accepted ---------------> Closed
///              |                                                 | 64*T1: tell            ^
///              |  300-699                                        +------------------------+
///              +--------------------------------------------------------------------------+
/// </code>
/// A minute between provisional responses keeps the proxies on the way from giving up. Source: RFC 3261 13.3.1.
/// </remarks>
internal sealed class IncomingInvite : LoopTimer
{
    private const int RoomBytes = 512;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMinutes(1);

    private readonly SipServerTransaction _transaction;
    private readonly IIncomingInviteOwner _owner;
    private readonly Instant _expiry = Instant.Never;
    private Instant _progressAt = Instant.Never;
    private (int Status, byte[] Headers) _progress;
    private PooledBuffer? _success;
    private TimeSpan _interval;
    private Instant _acceptedUntil;

    public IncomingInvite(SipServerTransaction transaction, IIncomingInviteOwner owner, byte[] toTag)
    {
        (_transaction, _owner, ToTag) = (transaction, owner, toTag);
        transaction.State = this;
        SipMessageView request = transaction.Request;
        Sequence = request.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok ? cseq.Number : 0;
        if (request.TryGetExpires(out uint seconds) == HeaderStatus.Ok) _expiry = Now + TimeSpan.FromSeconds(seconds);
        Schedule();
    }

    /// <summary>This side's tag, in all responses but 100.</summary>
    public byte[] ToTag { get; }

    /// <summary>The number of its CSeq, which its ACK has too.</summary>
    public uint Sequence { get; }

    /// <summary>True until the final response.</summary>
    public bool IsPending => !_transaction.IsFinished;

    /// <summary>True while a 2xx waits for its ACK.</summary>
    public bool IsAccepted => _success is not null;

    /// <summary>The flow that it came over.</summary>
    public SipFlow Flow => _transaction.Flow;

    private SipLane Lane => _transaction.Lane;

    private Instant Now => Lane.Now;

    /// <summary>Sends a provisional response that makes an early dialog.</summary>
    public void Progress(int status, byte[] headers)
    {
        _progress = (status, headers);
        _progressAt = Now + ProgressInterval;
        _transaction.Respond(new SipReply(status) { ToTag = ToTag, CopyRecordRoute = true, Headers = headers });
        Schedule();
    }

    /// <summary>Answers with 200 until the ACK comes.</summary>
    /// <param name="headers">Contact and what else, as rows.</param>
    /// <param name="body">The description.</param>
    public void Accept(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body)
    {
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
        _success = null;
        Lane.Loop.Schedule(this, Instant.Never);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (_success is { } success)
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
        else if (!IsPending)
        {
            return;
        }
        else if (now >= _expiry)
        {
            _owner.OnCancelled(this);
        }
        else
        {
            Progress(_progress.Status, _progress.Headers);
        }
    }

    private void Schedule() => Lane.Loop.Schedule(this, Instant.Min(_progressAt, _expiry));
}
