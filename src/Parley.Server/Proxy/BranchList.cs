namespace Parley.Server.Proxy;

/// <summary>The branches of a call that run, and what all of its branches have taken.</summary>
internal struct BranchList
{
    /// <summary>The first; the others follow by <see cref="Branch.Next"/>.</summary>
    public Branch? First { get; private set; }

    /// <summary>How many run.</summary>
    public int Running { get; private set; }

    /// <summary>How many there were.</summary>
    public int Started { get; private set; }

    /// <summary>What those that run have of the call's Max-Breadth (RFC 5393 5.3).</summary>
    public int BreadthInUse { get; private set; }

    /// <summary>Adds one that begins.</summary>
    public void Add(Branch branch)
    {
        (branch.Next, First) = (First, branch);
        Running++;
        Started++;
        BreadthInUse += branch.MaxBreadth;
    }

    /// <summary>Takes out one that has ended.</summary>
    public void Remove(Branch branch)
    {
        Running--;
        BreadthInUse -= branch.MaxBreadth;
        if (ReferenceEquals(First, branch))
        {
            First = branch.Next;
            return;
        }

        for (Branch? before = First; before is not null; before = before.Next)
        {
            if (!ReferenceEquals(before.Next, branch)) continue;
            before.Next = branch.Next;
            return;
        }
    }

    /// <summary>True while one runs whose target belongs to a user.</summary>
    public readonly bool HasOneOf(TargetSet targets, int owner)
    {
        for (Branch? branch = First; branch is not null; branch = branch.Next)
        {
            if (targets.OwnerOf(branch.Target) == owner) return true;
        }

        return false;
    }
}
