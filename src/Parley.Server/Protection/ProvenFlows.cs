using System.Buffers.Binary;
using Parley.Core;

namespace Parley.Server.Protection;

/// <summary>Remembers which flows somebody has proved himself over lately, of which user, and which sources have such flows.</summary>
/// <remarks>
/// A table of fixed size in which a mark is a word: 48 bits of a keyed hash and 16 of the time. A bucket is a cache line; in a full one the oldest
/// mark gives way, and its flow is then as unknown as a new one. Any thread reads and writes without a lock: a word is
/// written at once, and a mark that is lost to a race is made again by the next success.
/// </remarks>
internal sealed class ProvenFlows
{
    private const int BucketMarks = 8;
    private const int Buckets = 8192;
    private const int TimeBits = 16;
    private const ulong TimeMask = (1UL << TimeBits) - 1;
    private const int TickSeconds = 16;
    private static readonly ushort Lifetime = (ushort)(TimeSpan.FromHours(2).TotalSeconds / TickSeconds);      // phones register at least every two hours (registrar.maxExpires)

    private readonly ulong[] _marks = new ulong[Buckets * BucketMarks];
    private readonly SeededHash128 _hash = SeededHash128.CreateRandom();

    /// <summary>What stands for a flow, or for a source when the port is 0; 0 to 2^64 - 1, keyed.</summary>
    public ulong KeyOf(NetworkAddress address, scoped ReadOnlySpan<byte> user = default)
    {
        Span<byte> bytes = stackalloc byte[20 + Accounts.AddressOfRecord.MaxBytes];
        int length = address.WriteBytes(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[length..], address.Port);
        length += sizeof(ushort);
        user.CopyTo(bytes[length..]);
        return (ulong)_hash.Compute(bytes[..(length + user.Length)]);
    }

    /// <summary>Marks a key as proven now.</summary>
    public void Mark(ulong key, DateTimeOffset now)
    {
        Span<ulong> bucket = Bucket(key);
        ushort tick = TickOf(now);
        ulong mark = (key & ~TimeMask) | tick;
        int place = 0;
        ushort oldest = 0;
        for (int i = 0; i < bucket.Length; i++)
        {
            ulong there = bucket[i];
            if (there == mark) return;
            ushort age = there == 0 ? ushort.MaxValue : (ushort)(tick - (ushort)there);
            if ((there & ~TimeMask) == (key & ~TimeMask)) age = ushort.MaxValue;
            if (age < oldest) continue;
            (place, oldest) = (i, age);
            if ((there & ~TimeMask) == (key & ~TimeMask)) break;
        }

        bucket[place] = mark;
    }

    /// <summary>True when a key was marked within two hours.</summary>
    public bool Has(ulong key, DateTimeOffset now)
    {
        ushort tick = TickOf(now);
        foreach (ulong there in Bucket(key))
        {
            if (there != 0 && (there & ~TimeMask) == (key & ~TimeMask) && (ushort)(tick - (ushort)there) <= Lifetime) return true;
        }

        return false;
    }

    /// <summary>Takes a mark back.</summary>
    public void Remove(ulong key)
    {
        foreach (ref ulong there in Bucket(key))
        {
            if ((there & ~TimeMask) == (key & ~TimeMask)) there = 0;
        }
    }

    private static ushort TickOf(DateTimeOffset now) => (ushort)(now.ToUnixTimeSeconds() / TickSeconds);

    // The bits of the time's place choose the bucket: those of the hash that the mark does not keep.
    private Span<ulong> Bucket(ulong key) => _marks.AsSpan((int)(key % Buckets) * BucketMarks, BucketMarks);
}
