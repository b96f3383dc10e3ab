namespace Parley.Net.Virtual;

/// <summary>One direction between two nodes: draws the fate of each datagram from its conditions.</summary>
internal sealed class VirtualLink(VirtualNetwork network)
{
    private bool _inBurst;

    /// <summary>This link's own conditions, null for the network's.</summary>
    public LinkConditions? Conditions { get; set; }

    public LinkConditions Current => Conditions ?? network.Conditions;

    public bool IsDown => Current.IsDown;

    /// <summary>Draws whether the next datagram is lost.</summary>
    public bool Loses(Random random)
    {
        LinkConditions conditions = Current;
        if (conditions.BurstStart > 0)
        {
            _inBurst = _inBurst ? random.NextDouble() >= conditions.BurstEnd : random.NextDouble() < conditions.BurstStart;
            if (_inBurst && random.NextDouble() < conditions.BurstLoss) return true;
        }

        return conditions.Loss > 0 && random.NextDouble() < conditions.Loss;
    }

    /// <summary>Draws whether the next datagram arrives twice.</summary>
    public bool Duplicates(Random random) => Current.Duplicate > 0 && random.NextDouble() < Current.Duplicate;

    /// <summary>Draws how long the next datagram takes.</summary>
    public TimeSpan DrawDelay(Random random)
    {
        LinkConditions conditions = Current;
        TimeSpan delay = conditions.Delay;
        if (conditions.Jitter > TimeSpan.Zero) delay += random.NextDouble() * conditions.Jitter;
        if (conditions.Reorder > 0 && random.NextDouble() < conditions.Reorder) delay += conditions.ReorderDelay;
        return delay;
    }
}
