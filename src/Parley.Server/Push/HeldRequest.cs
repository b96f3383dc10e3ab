using Parley.Server.Hosting;

namespace Parley.Server.Push;

/// <summary>A request that waits for a phone which was woken.</summary>
/// <remarks>Belongs to a lane, and is in the <see cref="PushBucket"/> until that hands it back to the lane by its completions.</remarks>
internal abstract class HeldRequest(PhoneToWake phone, LaneCompletions lane) : ILaneCompletion
{
    /// <summary>The phone.</summary>
    public PhoneToWake Phone { get; } = phone;

    /// <inheritdoc/>
    public ILaneCompletion? NextCompletion { get; set; }

    /// <summary>Whether the phone has registered; false when it cannot be woken. Set by the bucket before <see cref="Complete"/>.</summary>
    public bool HasCome { get; private set; }

    /// <summary>True while it is in the bucket; the bucket's.</summary>
    internal bool IsHeld { get; set; }

    /// <inheritdoc/>
    public abstract void Complete();

    /// <summary>Gives it back to its lane. Any thread.</summary>
    internal void Release(bool hasCome)
    {
        HasCome = hasCome;
        lane.Add(this);
    }
}
