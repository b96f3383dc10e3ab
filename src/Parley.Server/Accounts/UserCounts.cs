using System.Collections.Concurrent;
using System.Text;
using Parley.Core;

namespace Parley.Server.Accounts;

/// <summary>How many there are of something for each user: asked on every lane without a lock or an allocation.</summary>
/// <remarks>One thread changes it at a time, under a lock of the owner. Users are kept by a keyed hash alone, so that a lookup needs no string.</remarks>
internal sealed class UserCounts
{
    private readonly ConcurrentDictionary<UInt128, int> _counts = new();
    private readonly SeededHash128 _hash = SeededHash128.CreateRandom();
    private volatile bool _isEmpty = true;      // the dictionary takes its locks to say so

    /// <summary>True when there is at least one for a user. Any thread.</summary>
    /// <param name="user">The canonical address of record, in UTF-8.</param>
    public bool HasAny(ReadOnlySpan<byte> user) => !_isEmpty && _counts.ContainsKey(_hash.Compute(user));

    /// <summary>How many there are for a user. Any thread.</summary>
    public int Of(string user) => _counts.GetValueOrDefault(KeyOf(user));

    /// <summary>Counts more of a user, or with a negative number fewer; never below none.</summary>
    public void Add(string user, int change)
    {
        UInt128 key = KeyOf(user);
        int count = _counts.GetValueOrDefault(key) + change;
        if (count > 0)
        {
            _counts[key] = count;
            _isEmpty = false;
        }
        else if (_counts.TryRemove(key, out _))
        {
            _isEmpty = _counts.IsEmpty;
        }
    }

    private UInt128 KeyOf(string user) => _hash.Compute(Encoding.UTF8.GetBytes(user));
}
