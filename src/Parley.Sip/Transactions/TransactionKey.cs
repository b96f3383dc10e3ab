using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Parley.Core;

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

    /// <summary>What a branch of RFC 3261 starts with; one without is of RFC 2543 and need not be unique.</summary>
    public static ReadOnlySpan<byte> MagicCookie => "z9hG4bK"u8;

    /// <summary>True for a branch that is unique by RFC 3261 8.1.1.7.</summary>
    public static bool HasMagicCookie(ReadOnlySpan<byte> branch) =>
        branch.Length >= MagicCookie.Length && Ascii.EqualsIgnoreCase(branch[..MagicCookie.Length], MagicCookie);

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

    /// <summary>The key of the server transaction of a request whose branch has the <see cref="MagicCookie"/>. An ACK has that of its INVITE.</summary>
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

    /// <summary>The key of the INVITE server transaction that a CANCEL is about.</summary>
    /// <remarks>Source: RFC 3261 9.2.</remarks>
    public static TransactionKey ForCancelledInvite(in SeededHash128 hash, ReadOnlySpan<byte> branch, ReadOnlySpan<byte> sentByHost, int sentByPort) =>
        ForServer(hash, branch, sentByHost, sentByPort, "INVITE"u8);

    /// <summary>The key of the server transaction of a request whose branch is missing or without the <see cref="MagicCookie"/>.</summary>
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
