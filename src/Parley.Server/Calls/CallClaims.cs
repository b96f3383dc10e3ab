namespace Parley.Server.Calls;

/// <summary>Whose calls one call counts among: its caller, and each callee whom it may reach.</summary>
/// <remarks>Belongs to the lane of the call.</remarks>
internal sealed class CallClaims
{
    /// <summary>The owner number of the caller.</summary>
    public const int Caller = -1;

    private readonly List<Claim> _claims = [];

    /// <summary>True when nobody's calls are limited.</summary>
    public bool IsEmpty => _claims.Count == 0;

    /// <summary>Who has the call now that it was answered.</summary>
    public IEnumerable<string> Held => _claims.Where(claim => claim.IsHeld).Select(claim => claim.User);

    /// <summary>Adds somebody whose calls are limited.</summary>
    /// <param name="owner">Which of the callees, as the targets are numbered; <see cref="Caller"/>.</param>
    /// <param name="user">The address of record.</param>
    /// <param name="most">How many calls there may be.</param>
    public void Add(int owner, string user, int most)
    {
        if (!_claims.Exists(claim => claim.Owner == owner)) _claims.Add(new Claim(owner, user, most));
    }

    /// <summary>Counts the call for one that is not counted yet.</summary>
    /// <returns>The owner number of the first who has too many calls, and is then taken out; null when there is none left.</returns>
    public int? Enter(CallLimits limits)
    {
        foreach (Claim claim in _claims)
        {
            if (claim.IsHeld) continue;
            if (!limits.TryEnter(claim.User, claim.Most))
            {
                _claims.Remove(claim);
                return claim.Owner;
            }

            claim.IsHeld = true;
        }

        return null;
    }

    /// <summary>The call was answered: it counts no more for the callees who have not done so.</summary>
    /// <param name="limits">The counts.</param>
    /// <param name="owner">The callee who has it.</param>
    public void KeepFor(int owner, CallLimits limits) => Leave(limits, claim => claim.Owner != Caller && claim.Owner != owner);

    /// <summary>The call is over, or is counted elsewhere from now on.</summary>
    /// <param name="limits">The counts; null where it is counted elsewhere.</param>
    public void LeaveAll(CallLimits? limits)
    {
        if (limits is null) _claims.Clear();
        else Leave(limits, _ => true);
    }

    private void Leave(CallLimits limits, Predicate<Claim> which)
    {
        foreach (Claim claim in _claims)
        {
            if (claim.IsHeld && which(claim)) limits.Leave(claim.User);
        }

        _claims.RemoveAll(which);
    }

    private sealed class Claim(int owner, string user, int most)
    {
        public int Owner => owner;

        public string User => user;

        public int Most => most;

        public bool IsHeld { get; set; }
    }
}
