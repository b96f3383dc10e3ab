namespace Parley.Server.Calls;

/// <summary>How many calls those users have whose calls are limited. All lanes share it; only calls of such users come here.</summary>
internal sealed class CallLimits
{
    private readonly Dictionary<string, int> _calls = [];

    /// <summary>Users who have calls.</summary>
    public int Count
    {
        get
        {
            lock (_calls) return _calls.Count;
        }
    }

    /// <summary>One more call.</summary>
    /// <param name="user">The user's address of record.</param>
    /// <param name="most">How many calls the user may have.</param>
    /// <returns>False when there are as many.</returns>
    public bool TryEnter(string user, int most)
    {
        lock (_calls)
        {
            int calls = _calls.GetValueOrDefault(user);
            if (calls >= most) return false;
            _calls[user] = calls + 1;
            return true;
        }
    }

    /// <summary>One of them is over.</summary>
    public void Leave(string user)
    {
        lock (_calls)
        {
            int left = _calls.GetValueOrDefault(user) - 1;
            if (left > 0) _calls[user] = left;
            else _calls.Remove(user);
        }
    }
}
