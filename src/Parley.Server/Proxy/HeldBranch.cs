using Parley.Server.Hosting;
using Parley.Server.Push;

namespace Parley.Server.Proxy;

/// <summary>A branch that waits for its phone to be woken; the branch may end first.</summary>
internal sealed class HeldBranch(Branch branch, PhoneToWake phone, LanePush push, LaneCompletions lane) : HeldRequest(phone, lane)
{
    private Branch? _branch = branch;

    /// <summary>The branch does not want to know any more.</summary>
    public void Leave()
    {
        _branch = null;
        push.Bucket.Leave(this);
    }

    /// <inheritdoc/>
    public override void Complete() => _branch?.Call?.OnWoken(_branch, this);
}
