using System.Buffers;
using System.Buffers.Binary;
using Parley.Server.Accounts;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Temporary GRUUs: <c>sip:TOKEN@example.com;gr</c>, which lead to one instance of one user and tell nobody to whose.</summary>
/// <remarks>
/// The token is a <see cref="SealedToken"/> of the time since when the instance has been bound by one series of REGISTERs (8 bytes), a keyed hash of the instance (8 bytes) and
/// the user. So each answer to a REGISTER has another one, none is kept, and all of a series hold until it ends: with the last binding of the instance, or with a REGISTER of another
/// Call-ID, from which another time counts (<see cref="Binding.InstanceSince"/>). One lane's own. Source: RFC 5627 3.1.2, 5.1 to 5.4; appendix A.2 is where a table of such times would
/// be kept.
/// </remarks>
internal sealed class TemporaryGruus(ServerState server, TimeProvider time)
{
    /// <summary>The longest of them.</summary>
    public const int MaxBytes = 16 + SealedToken.MaxBytes + AddressOfRecord.MaxDomainBytes;

    private const int TimeBytes = 8;
    private const int InstanceBytes = 8;

    private readonly SealedToken _tokens = new(server.Keys.SealingKey("temp-gruu"u8));
    private readonly ArrayBufferWriter<byte> _bindings = new();
    private byte[] _meant = new byte[512];

    /// <summary>Writes a new one.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="instance">The instance, with quotes and brackets.</param>
    /// <param name="since">Since when it has been bound.</param>
    /// <param name="isSecure">True for a <c>sips</c> URI.</param>
    /// <param name="destination">Room for <see cref="MaxBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public int Write(ReadOnlySpan<byte> addressOfRecord, ReadOnlySpan<byte> instance, long since, bool isSecure, Span<byte> destination)
    {
        ReadOnlySpan<byte> scheme = isSecure ? "sips:"u8 : "sip:"u8, user = AddressOfRecord.UserOf(addressOfRecord), domain = AddressOfRecord.DomainOf(addressOfRecord);
        Span<byte> content = stackalloc byte[TimeBytes + InstanceBytes + AddressOfRecord.MaxUserBytes];
        BinaryPrimitives.WriteInt64LittleEndian(content, since);
        BinaryPrimitives.WriteUInt64LittleEndian(content[TimeBytes..], HashOf(instance));
        user.CopyTo(content[(TimeBytes + InstanceBytes)..]);
        scheme.CopyTo(destination);
        int length = scheme.Length;
        length += _tokens.Write(content[..(TimeBytes + InstanceBytes + user.Length)], destination[length..]);
        destination[length++] = (byte)'@';
        domain.CopyTo(destination[length..]);
        length += domain.Length;
        ";gr"u8.CopyTo(destination[length..]);
        return length + ";gr"u8.Length;
    }

    /// <summary>Finds the public GRUU of the instance that one leads to.</summary>
    /// <param name="uri">A URI in one of our domains.</param>
    /// <param name="domain">The name of that domain, in lower case.</param>
    /// <param name="meant">The public GRUU; valid until the next call.</param>
    /// <returns>False for other URIs, and for one that does not hold any more.</returns>
    public bool TryFind(scoped in SipUriView uri, ReadOnlySpan<byte> domain, out ReadOnlySpan<byte> meant)
    {
        meant = default;
        if (!Gruu.TryGet(uri, out ReadOnlySpan<byte> urn) || !urn.IsEmpty) return false;
        Span<byte> content = stackalloc byte[SealedToken.MaxContentBytes];
        if (!_tokens.TryRead(uri.User, content, out int length) || length <= TimeBytes + InstanceBytes) return false;
        Span<byte> addressOfRecord = stackalloc byte[AddressOfRecord.MaxBytes];
        ReadOnlySpan<byte> user = content[(TimeBytes + InstanceBytes)..length];
        if (user.Length > AddressOfRecord.MaxUserBytes) return false;
        user.CopyTo(addressOfRecord);
        addressOfRecord[user.Length] = (byte)'@';
        domain.CopyTo(addressOfRecord[(user.Length + 1)..]);
        addressOfRecord = addressOfRecord[..(user.Length + 1 + domain.Length)];

        DateTimeOffset now = time.GetUtcNow();
        BindingSet bindings = server.Location.Find(addressOfRecord, _bindings);
        foreach (Binding binding in bindings.LiveAt(now))
        {
            if (binding.Instance.IsEmpty || HashOf(binding.Instance) != BinaryPrimitives.ReadUInt64LittleEndian(content[TimeBytes..])) continue;
            if (bindings.SinceOf(binding.Instance, now) != BinaryPrimitives.ReadInt64LittleEndian(content) || !Gruu.TryGetUrn(binding.Instance, out urn)) return false;
            if (_meant.Length < Gruu.MaxBytes(addressOfRecord, urn)) _meant = new byte[Gruu.MaxBytes(addressOfRecord, urn)];
            meant = _meant.AsSpan(0, Gruu.Write(addressOfRecord, urn, uri.Scheme == SipUriScheme.Sips, _meant));
            return true;
        }

        return false;
    }

    private ulong HashOf(ReadOnlySpan<byte> instance) => (ulong)server.Keys.Phone.Compute(instance);
}
