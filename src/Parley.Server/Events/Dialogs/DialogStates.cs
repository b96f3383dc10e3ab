using Parley.Server.Accounts;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Events.Dialogs;

/// <summary>The dialogs of those users whose busy lamps somebody has asked for, as the proxy sees them.</summary>
/// <remarks>
/// A user is followed from the first subscription to his dialogs on, for good: a watcher that comes back later must not miss a call that began meanwhile. While nobody
/// is followed a call pays for one look at <see cref="IsAnyFollowed"/>. All members may be called on any thread. Source: RFC 4235.
/// </remarks>
internal sealed class DialogStates(EventStates events)
{
    private const int MaxPerUser = 64;
    private const int MaxDialogs = 100_000;
    private static readonly IReadOnlyList<DialogInfoEntry> None = [];

    private readonly Lock _gate = new();
    private readonly UserCounts _followed = new();
    private readonly Dictionary<string, DialogInfoEntry[]> _dialogs = new(StringComparer.Ordinal);
    private volatile bool _isAnyFollowed;
    private int _count;
    private uint _lastId;

    /// <summary>False while nobody is followed.</summary>
    public bool IsAnyFollowed => _isAnyFollowed;

    /// <summary>Dialogs that are known.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _count;
        }
    }

    /// <summary>True for a user who is followed.</summary>
    /// <param name="user">The canonical address of record, in UTF-8.</param>
    public bool IsFollowed(ReadOnlySpan<byte> user) => _followed.HasAny(user);

    /// <summary>Follows a user from now on.</summary>
    public void Follow(string user)
    {
        lock (_gate)
        {
            if (_followed.Of(user) == 0) _followed.Add(user, 1);
            _isAnyFollowed = true;
        }
    }

    /// <summary>The dialogs of a user, the oldest first.</summary>
    public IReadOnlyList<DialogInfoEntry> Of(string user)
    {
        lock (_gate) return _dialogs.GetValueOrDefault(user) ?? None;
    }

    /// <summary>A name for one more dialog.</summary>
    public string CreateId()
    {
        lock (_gate) return $"d{++_lastId}";
    }

    /// <summary>A dialog of a user is new, or is another than it was. One that would be too many is left out.</summary>
    public void Set(string user, DialogInfoEntry dialog)
    {
        lock (_gate)
        {
            DialogInfoEntry[] before = _dialogs.GetValueOrDefault(user) ?? [];
            int index = Array.FindIndex(before, one => one.Id == dialog.Id);
            if (index >= 0)
            {
                if (before[index] == dialog) return;
                _dialogs[user] = [.. before[..index], dialog, .. before[(index + 1)..]];
            }
            else if (before.Length < MaxPerUser && _count < MaxDialogs)
            {
                _dialogs[user] = [.. before, dialog];
                _count++;
            }
            else
            {
                return;
            }
        }

        events.Changed(new ResourceName(EventPackages.Dialog.Name, user));
    }

    /// <summary>A dialog of a user is over.</summary>
    public void Remove(string user, string id)
    {
        lock (_gate)
        {
            DialogInfoEntry[] left = Array.FindAll(_dialogs.GetValueOrDefault(user) ?? [], one => one.Id != id);
            if (!_dialogs.TryGetValue(user, out DialogInfoEntry[]? before) || left.Length == before.Length) return;
            _count--;
            if (left.Length > 0) _dialogs[user] = left;
            else _dialogs.Remove(user);
        }

        events.Changed(new ResourceName(EventPackages.Dialog.Name, user));
    }
}
