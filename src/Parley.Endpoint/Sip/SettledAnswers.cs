using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A lane's settled transactions: keeps them until Timer J, and answers what comes again.</summary>
/// <remarks>
/// Of a reply it keeps what the request does not say; of a response that was forwarded the whole message; of an INVITE that was
/// forwarded nothing but where its 2xx went. Source: RFC 3261 17.2.2, RFC 6026 7.
/// </remarks>
internal sealed class SettledAnswers
{
    private static readonly TimeSpan ForgettingInterval = TimeSpan.FromMilliseconds(50);    // many at a time, not each on its own

    private readonly SipLane _lane;
    private readonly SettledTransactions _settled;
    private readonly ForgettingTimer _timer;
    private readonly TimeSpan _timerJ;

    public SettledAnswers(SipLane lane)
    {
        SipEndpointOptions options = lane.Endpoint.Options;
        _lane = lane;
        _settled = new SettledTransactions(options.MaxTransactions, options.MaxSettledBytes);
        _timer = new ForgettingTimer(this);
        _timerJ = options.Timers.Transaction;
    }

    public int Count => _settled.Count;

    /// <summary>Keeps what a request was answered with.</summary>
    /// <returns>False when it is too long to be kept.</returns>
    public bool Keep(in TransactionKey key, in SipFlow flow, in SipReply reply)
    {
        if (!TryAdd(key, flow, SettledKind.Reply, SettledReply.LengthOf(reply), out Span<byte> room)) return false;
        SettledReply.Write(reply, room);
        return true;
    }

    /// <summary>Keeps a response that was made elsewhere.</summary>
    /// <returns>False when it is too long to be kept.</returns>
    public bool Keep(in TransactionKey key, in SipFlow flow, ReadOnlySpan<byte> response)
    {
        if (!TryAdd(key, flow, SettledKind.Message, response.Length, out Span<byte> room)) return false;
        response.CopyTo(room);
        return true;
    }

    /// <summary>Keeps an INVITE that nothing is to be sent again for: the server's side absorbs it, the client's side knows the way of its 2xx.</summary>
    public void Keep(in TransactionKey key, in SipFlow flow) => TryAdd(key, flow, SettledKind.Silent, 0, out _);

    /// <summary>True for a transaction that is kept.</summary>
    public bool Contains(in TransactionKey key) => _settled.Contains(key);

    /// <summary>The flow that a transaction was kept with.</summary>
    public bool TryFind(in TransactionKey key, out SipFlow flow) => _settled.TryFind(key, out flow, out _, out _);

    /// <summary>Answers a request that comes again.</summary>
    /// <returns>False when none with its key is kept.</returns>
    public bool AnswerAgain(in SipMessageView request, in SipFlow flow, in TransactionKey key)
    {
        if (!_settled.TryFind(key, out SipFlow replyFlow, out SettledKind kind, out ReadOnlySpan<byte> kept)) return false;
        if (kind == SettledKind.Reply) _lane.Receiver.Reply(request, flow, key, SettledReply.Read(kept));
        else if (kind == SettledKind.Message) _lane.Send(_lane.Loop.Buffers.Copy(kept), replyFlow);
        return true;
    }

    private bool TryAdd(in TransactionKey key, in SipFlow flow, SettledKind kind, int lengthBytes, out Span<byte> room)
    {
        if (!_settled.TryAdd(key, _lane.Now + _timerJ, flow, kind, lengthBytes, out room)) return false;
        if (_timer.ScheduledFor.IsNever) _lane.Loop.Schedule(_timer, _settled.NextDeadline);
        return true;
    }

    private void Forget(Instant now)
    {
        _settled.RemoveDue(now);
        Instant next = _settled.NextDeadline;
        _lane.Loop.Schedule(_timer, next.IsNever ? next : Instant.Max(next, now + ForgettingInterval));
    }

    private sealed class ForgettingTimer(SettledAnswers answers) : LoopTimer
    {
        public override void OnDeadline(Instant now) => answers.Forget(now);
    }
}

/// <summary>What is kept of a settled transaction.</summary>
internal enum SettledKind
{
    /// <summary>Nothing: it is absorbed.</summary>
    Silent,

    /// <summary>A whole message, to be sent again.</summary>
    Message,

    /// <summary>A reply, to be made again from the request (<see cref="SettledReply"/>).</summary>
    Reply,
}
