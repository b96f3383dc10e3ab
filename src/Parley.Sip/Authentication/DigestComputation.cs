using System.Buffers;
using Parley.Sip.Messages;

namespace Parley.Sip.Authentication;

/// <summary>What goes into a response besides H(A1). The strings are as written between the quotes: quoting slashes are removed here.</summary>
/// <remarks>Source: RFC 7616 3.4.</remarks>
public readonly ref struct DigestParameters
{
    /// <summary>Hash algorithm.</summary>
    public DigestAlgorithm Algorithm { get; init; }

    /// <summary>True for the algorithm's "-sess" variant.</summary>
    public bool IsSession { get; init; }

    /// <summary>What is covered: one value.</summary>
    public DigestQop Qop { get; init; }

    /// <summary>The server's nonce.</summary>
    public ReadOnlySpan<byte> Nonce { get; init; }

    /// <summary>The nonce count as written: 8 hexadecimal digits.</summary>
    public ReadOnlySpan<byte> NonceCount { get; init; }

    /// <summary>The client's nonce.</summary>
    public ReadOnlySpan<byte> Cnonce { get; init; }

    /// <summary>Method of the request.</summary>
    public ReadOnlySpan<byte> Method { get; init; }

    /// <summary>The digest URI.</summary>
    public ReadOnlySpan<byte> Uri { get; init; }

    /// <summary>Body of the request; looked at for <see cref="DigestQop.AuthInt"/> only.</summary>
    public ReadOnlySpan<byte> Body { get; init; }
}

/// <summary>The arithmetic of digest authentication.</summary>
/// <remarks>Source: RFC 7616 3.4.1 to 3.4.3; RFC 2617 3.2.2.1 without qop.</remarks>
public static class DigestComputation
{
    /// <summary>Length of a hash.</summary>
    /// <value>Bytes: 16 or 32.</value>
    public static int HashLengthBytes(DigestAlgorithm algorithm) => algorithm.LengthBytes();

    /// <summary>H(A1) of an account: all that a server needs to know of a password.</summary>
    /// <param name="algorithm">Hash algorithm.</param>
    /// <param name="username">User name, without quotes and quoting slashes.</param>
    /// <param name="realm">Realm, likewise.</param>
    /// <param name="password">Password in UTF-8.</param>
    /// <param name="destination">Gets <see cref="HashLengthBytes"/> bytes.</param>
    public static void ComputeHa1(
        DigestAlgorithm algorithm, ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, ReadOnlySpan<byte> password, Span<byte> destination)
    {
        var input = new Input(stackalloc byte[Input.StackBytes], username.Length + realm.Length + password.Length);
        input.Add(username);
        input.Add(realm);
        input.Add(password);
        input.Finish(algorithm, destination);
    }

    /// <summary>The response, as bytes.</summary>
    /// <param name="ha1">H(A1) of <see cref="HashLengthBytes"/> bytes, not yet that of a session.</param>
    /// <param name="parameters">All else.</param>
    /// <param name="destination">Gets <see cref="HashLengthBytes"/> bytes.</param>
    public static void ComputeResponse(ReadOnlySpan<byte> ha1, in DigestParameters parameters, Span<byte> destination)
    {
        DigestAlgorithm algorithm = parameters.Algorithm;
        int length = algorithm.LengthBytes();
        Span<byte> ha2 = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        Span<byte> key = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        ha1[..length].CopyTo(key);
        if (parameters.IsSession)
        {
            var a1 = new Input(stackalloc byte[Input.StackBytes], parameters.Nonce.Length + parameters.Cnonce.Length);
            a1.AddHex(key[..length]);
            a1.AddUnquoted(parameters.Nonce);
            a1.AddUnquoted(parameters.Cnonce);
            a1.Finish(algorithm, key);
        }

        ComputeHa2(parameters, ha2);
        var input = new Input(stackalloc byte[Input.StackBytes], parameters.Nonce.Length + parameters.NonceCount.Length + parameters.Cnonce.Length);
        input.AddHex(key[..length]);
        input.AddUnquoted(parameters.Nonce);
        if (parameters.Qop != DigestQop.None)
        {
            input.Add(parameters.NonceCount);
            input.AddUnquoted(parameters.Cnonce);
            input.Add(parameters.Qop == DigestQop.AuthInt ? "auth-int"u8 : "auth"u8);
        }

        input.AddHex(ha2[..length]);
        input.Finish(algorithm, destination);
    }

    private static void ComputeHa2(in DigestParameters parameters, Span<byte> destination)
    {
        var input = new Input(stackalloc byte[Input.StackBytes], parameters.Method.Length + parameters.Uri.Length);
        input.Add(parameters.Method);
        input.AddUnquoted(parameters.Uri);
        if (parameters.Qop == DigestQop.AuthInt)
        {
            parameters.Algorithm.HashData(parameters.Body, destination);
            input.AddHex(destination[..parameters.Algorithm.LengthBytes()]);
        }

        input.Finish(parameters.Algorithm, destination);
    }

    /// <summary>Parts with a colon between each two.</summary>
    private ref struct Input
    {
        public const int StackBytes = 512;
        private const int FixedBytes = 160;     // colons, qop and two hashes in hexadecimal

        private readonly Span<byte> _buffer;
        private readonly byte[]? _rented;
        private int _length;

        public Input(Span<byte> stack, int partsLengthBytes)
        {
            if (partsLengthBytes + FixedBytes > stack.Length) stack = _rented = ArrayPool<byte>.Shared.Rent(partsLengthBytes + FixedBytes);
            _buffer = stack;
        }

        public void Add(ReadOnlySpan<byte> part)
        {
            Separate();
            part.CopyTo(_buffer[_length..]);
            _length += part.Length;
        }

        public void AddUnquoted(ReadOnlySpan<byte> part)
        {
            Separate();
            _length += QuotedText.Unescape(part, _buffer[_length..]);
        }

        public void AddHex(ReadOnlySpan<byte> bytes)
        {
            Separate();
            Convert.TryToHexStringLower(bytes, _buffer[_length..], out int written);
            _length += written;
        }

        public readonly void Finish(DigestAlgorithm algorithm, Span<byte> destination)
        {
            algorithm.HashData(_buffer[.._length], destination);
            if (_rented is not null) ArrayPool<byte>.Shared.Return(_rented, clearArray: true);
        }

        private void Separate()
        {
            if (_length > 0) _buffer[_length++] = (byte)':';
        }
    }
}
