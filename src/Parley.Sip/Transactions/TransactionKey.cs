using System.Buffers;
using System.Buffers.Binary;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Transactions;

/// <summary>What a message's transaction is found by: 128 bits, made from the parts of the message that identify it with the process's own <see cref="SeededHash128"/>.</summary>
/// <remarks>
/// Client and server keys never meet, so that one table can hold both. Branches and hosts are compared without regard
/// to case, as tokens and hosts are (RFC 3261 7.3.1); methods with it. Source: RFC 3261 17.1.3 and 17.2.3.
/// </remarks>
public readonly struct TransactionKey : IEquatable<TransactionKey>
{
    private readonly ulong _low;
    private readonly ulong _high;

    private TransactionKey(UInt128 hash) => (_low, _high) = ((ulong)hash, (ulong)(hash >> 64));

    private enum Family : byte
    {
        Client,
        Server,
        Rfc2543Server,
    }

    /// <summary>The key of the server transaction that a request belongs to. An ACK has that of its INVITE.</summary>
    /// <returns>False when Via, or without a branch of RFC 3261 From, To, Call-ID or CSeq, is missing or malformed.</returns>
    public static bool TryForRequest(in SeededHash128 hash, in SipMessageView request, out TransactionKey key) =>
        TryForServer(hash, request, request.MethodBytes, out key);

    /// <summary>The key of the server transaction of the INVITE that a CANCEL is about.</summary>
    /// <returns>False as for <see cref="TryForRequest"/>.</returns>
    /// <remarks>Source: RFC 3261 9.2.</remarks>
    public static bool TryForCancelled(in SeededHash128 hash, in SipMessageView cancel, out TransactionKey key) =>
        TryForServer(hash, cancel, "INVITE"u8, out key);

    /// <summary>The key of the client transaction that a response belongs to.</summary>
    /// <returns>False when Via or CSeq is missing or malformed, or the Via has no branch.</returns>
    public static bool TryForResponse(in SeededHash128 hash, in SipMessageView response, out TransactionKey key)
    {
        key = default;
        if (response.TryGetVia(out ViaView via) != HeaderStatus.Ok || via.Branch.IsEmpty) return false;
        if (response.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        key = ForClient(hash, via.Branch, cseq.MethodBytes);
        return true;
    }

    /// <summary>The key of a client transaction: the same for the request sent and for its responses.</summary>
    /// <param name="hash">The process's hash.</param>
    /// <param name="branch">Branch of the top Via.</param>
    /// <param name="method">Method in CSeq.</param>
    /// <remarks>Source: RFC 3261 17.1.3.</remarks>
    public static TransactionKey ForClient(in SeededHash128 hash, ReadOnlySpan<byte> branch, ReadOnlySpan<byte> method)
    {
        var input = new Input(stackalloc byte[Input.StackBytes], branch.Length + method.Length, Family.Client);
        input.AddFolded(branch);
        input.Add(method);
        return input.Finish(hash);
    }

    /// <summary>The key of the server transaction of a request with a branch of RFC 3261. An ACK has that of its INVITE.</summary>
    /// <param name="hash">The process's hash.</param>
    /// <param name="branch">Branch of the top Via.</param>
    /// <param name="sentByHost">Host of the top Via.</param>
    /// <param name="sentByPort">Port of the top Via, 0 when it has none.</param>
    /// <param name="method">The request's method.</param>
    /// <remarks>Source: RFC 3261 17.2.3.</remarks>
    public static TransactionKey ForServer(
        in SeededHash128 hash, ReadOnlySpan<byte> branch, ReadOnlySpan<byte> sentByHost, int sentByPort, ReadOnlySpan<byte> method)
    {
        var input = new Input(stackalloc byte[Input.StackBytes], branch.Length + sentByHost.Length + method.Length, Family.Server);
        input.AddFolded(branch);
        input.AddFolded(sentByHost);
        input.Add(sentByPort);
        input.Add(method.SequenceEqual("ACK"u8) ? "INVITE"u8 : method);
        return input.Finish(hash);
    }

    /// <summary>The key of the server transaction of a request without a branch of RFC 3261.</summary>
    /// <param name="hash">The process's hash.</param>
    /// <param name="method">The request's method; for a CANCEL give INVITE to find what it cancels.</param>
    /// <param name="requestUri">Request-URI.</param>
    /// <param name="toTag">Tag of To, empty when it has none. Not looked at for INVITE and ACK: the ACK has one that its INVITE has not.</param>
    /// <param name="fromTag">Tag of From, empty when it has none.</param>
    /// <param name="callId">Call-ID.</param>
    /// <param name="sequenceNumber">Number in CSeq.</param>
    /// <param name="topVia">The whole top Via.</param>
    /// <remarks>Source: RFC 3261 17.2.3, compared byte by byte.</remarks>
    public static TransactionKey ForRfc2543Server(
        in SeededHash128 hash,
        ReadOnlySpan<byte> method,
        ReadOnlySpan<byte> requestUri,
        ReadOnlySpan<byte> toTag,
        ReadOnlySpan<byte> fromTag,
        ReadOnlySpan<byte> callId,
        uint sequenceNumber,
        ReadOnlySpan<byte> topVia)
    {
        bool isInvite = method.SequenceEqual("ACK"u8) || method.SequenceEqual("INVITE"u8);
        int length = method.Length + requestUri.Length + toTag.Length + fromTag.Length + callId.Length + topVia.Length;
        var input = new Input(stackalloc byte[Input.StackBytes], length, Family.Rfc2543Server);
        input.Add(isInvite ? "INVITE"u8 : method);
        input.Add(requestUri);
        input.Add(isInvite ? default : toTag);
        input.Add(fromTag);
        input.Add(callId);
        input.Add(unchecked((int)sequenceNumber));
        input.Add(topVia);
        return input.Finish(hash);
    }

    /// <inheritdoc/>
    public bool Equals(TransactionKey other) => _low == other._low && _high == other._high;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TransactionKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_low;     // the bits are a keyed hash already

    /// <summary>True when both are the same transaction's.</summary>
    public static bool operator ==(TransactionKey left, TransactionKey right) => left.Equals(right);

    /// <summary>True when they are of different transactions.</summary>
    public static bool operator !=(TransactionKey left, TransactionKey right) => !left.Equals(right);

    /// <summary>The bits in hexadecimal, for a trace.</summary>
    public override string ToString() => $"{_high:x16}{_low:x16}";

    private static bool TryForServer(in SeededHash128 hash, in SipMessageView request, ReadOnlySpan<byte> method, out TransactionKey key)
    {
        key = default;
        if (request.TryGetVia(out ViaView via) != HeaderStatus.Ok) return false;
        if (via.HasRfc3261Branch)
        {
            key = ForServer(hash, via.Branch, via.Host, via.Port, method);
            return true;
        }

        if (request.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || request.TryGetTo(out NameAddressView to) != HeaderStatus.Ok) return false;
        if (request.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || request.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        key = ForRfc2543Server(hash, method, request.RequestUri, to.Tag, from.Tag, callId, cseq.Number, via.Bytes);
        return true;
    }

    /// <summary>The parts of a key one after the other, each behind its length, so that no two sets of parts look the same.</summary>
    private ref struct Input
    {
        public const int StackBytes = 512;
        private const int FixedBytes = 64;

        private readonly Span<byte> _buffer;
        private readonly byte[]? _rented;
        private int _length;

        public Input(Span<byte> stack, int partsLengthBytes, Family family)
        {
            if (partsLengthBytes + FixedBytes > stack.Length) stack = _rented = ArrayPool<byte>.Shared.Rent(partsLengthBytes + FixedBytes);
            _buffer = stack;
            _buffer[0] = (byte)family;
            _length = 1;
        }

        public void Add(int number)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer[_length..], number);
            _length += sizeof(int);
        }

        public void Add(ReadOnlySpan<byte> part)
        {
            Add(part.Length);
            part.CopyTo(_buffer[_length..]);
            _length += part.Length;
        }

        public void AddFolded(ReadOnlySpan<byte> part)
        {
            Add(part);
            foreach (ref byte b in _buffer[(_length - part.Length).._length])
            {
                if (b is >= (byte)'A' and <= (byte)'Z') b |= 0x20;
            }
        }

        public readonly TransactionKey Finish(in SeededHash128 hash)
        {
            var key = new TransactionKey(hash.Compute(_buffer[.._length]));
            if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented);
            return key;
        }
    }
}
