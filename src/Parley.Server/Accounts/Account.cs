using System.Text;
using Parley.Server.Storage;

namespace Parley.Server.Accounts;

/// <summary>An account as the running server sees it: a view over one array of the <see cref="AccountDirectory"/>.</summary>
/// <remarks>
/// <code>
/// RecordHeader with the address of record as key, then
/// offset  size
///      0    16  HA1 of MD5
///     16    32  HA1 of SHA-256
///     48    32  HA1 of SHA-512-256
///     80     n  realm
/// </code>
/// </remarks>
internal readonly struct Account
{
    private const int RealmOffset = AccountSecret.Bytes;

    private readonly byte[] _record;

    internal Account(byte[] record) => _record = record;

    /// <summary>The canonical address of record (<see cref="Accounts.AddressOfRecord"/>).</summary>
    public ReadOnlySpan<byte> AddressOfRecord => RecordHeader.KeyOf(_record);

    /// <summary>The realm that the hashes were made for: in another realm this account's password is not known.</summary>
    public ReadOnlySpan<byte> Realm => Content[RealmOffset..];

    /// <summary>H(user:realm:password) of each algorithm. Secret: whoever has it can log in.</summary>
    public AccountSecret Secret => new(Content[..AccountSecret.Bytes]);

    private ReadOnlySpan<byte> Content => _record.AsSpan(RecordHeader.ContentOffset(_record));

    /// <summary>Makes the record of an account.</summary>
    internal static byte[] CreateRecord(ReadOnlySpan<byte> addressOfRecord, string realm, AccountSecret secret)
    {
        int content = RecordHeader.KeyOffset + addressOfRecord.Length;
        byte[] record = new byte[content + RealmOffset + Encoding.UTF8.GetByteCount(realm)];
        RecordHeader.Write(record, addressOfRecord);
        secret.Hashes.CopyTo(record.AsSpan(content));
        Encoding.UTF8.GetBytes(realm, record.AsSpan(content + RealmOffset));
        return record;
    }
}
