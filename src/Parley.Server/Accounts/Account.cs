using System.Text;
using Parley.Server.Storage;
using Parley.Sip.Authentication;

namespace Parley.Server.Accounts;

/// <summary>An account as the running server sees it: a view over a record of the <see cref="AccountDirectory"/> that somebody else owns.</summary>
/// <remarks>
/// <code>
/// RecordHeader with the address of record as key, then
/// offset  size
///      0    80  DigestSecret: H(A1) by MD5, SHA-256 and SHA-512/256
///     80     n  realm
/// </code>
/// </remarks>
internal readonly ref struct Account
{
    private readonly ReadOnlySpan<byte> _record;

    internal Account(ReadOnlySpan<byte> record) => _record = record;

    /// <summary>The canonical address of record (<see cref="Accounts.AddressOfRecord"/>).</summary>
    public ReadOnlySpan<byte> AddressOfRecord => RecordHeader.KeyOf(_record);

    /// <summary>The realm that the password was set for: in another realm it is not known.</summary>
    public ReadOnlySpan<byte> Realm => Content[DigestSecret.LengthBytes..];

    private ReadOnlySpan<byte> Content => _record[RecordHeader.ContentOffset(_record)..];

    /// <summary>H(A1) by one algorithm, as <see cref="DigestSecret.Ha1"/> has it. Secret: whoever has it can log in.</summary>
    /// <returns>16 or 32 bytes.</returns>
    public ReadOnlySpan<byte> Ha1(DigestAlgorithm algorithm)
    {
        int offset = 0;
        for (DigestAlgorithm before = DigestAlgorithm.Md5; before < algorithm; before++) offset += DigestComputation.HashLengthBytes(before);
        return Content.Slice(offset, DigestComputation.HashLengthBytes(algorithm));
    }

    /// <summary>Makes the record of an account.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="realm">The realm.</param>
    /// <param name="secret"><see cref="DigestSecret.Bytes"/>.</param>
    internal static byte[] CreateRecord(ReadOnlySpan<byte> addressOfRecord, string realm, ReadOnlySpan<byte> secret)
    {
        int content = RecordHeader.KeyOffset + addressOfRecord.Length;
        byte[] record = new byte[content + DigestSecret.LengthBytes + Encoding.UTF8.GetByteCount(realm)];
        RecordHeader.Write(record, addressOfRecord);
        secret.CopyTo(record.AsSpan(content, DigestSecret.LengthBytes));
        Encoding.UTF8.GetBytes(realm, record.AsSpan(content + DigestSecret.LengthBytes));
        return record;
    }
}
