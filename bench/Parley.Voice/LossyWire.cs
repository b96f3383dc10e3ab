namespace Parley.Voice;

/// <summary>What a network does to packets.</summary>
/// <param name="LossPercent">How many it loses.</param>
/// <param name="MeanBurst">How many it loses one after the other, on average: 1 for each by itself, more for Gilbert's two states, of which the bad one loses all.</param>
/// <param name="Jitter">A packet takes up to so much longer, each by itself.</param>
/// <param name="Overtaking">Whether a packet may overtake another; else it waits behind it, as in a queue.</param>
internal sealed record NetworkConditions(double LossPercent, double MeanBurst, TimeSpan Jitter, bool Overtaking)
{
    /// <summary>What a packet takes at least.</summary>
    public static readonly TimeSpan Transit = TimeSpan.FromMilliseconds(20);

    /// <summary>All but the loss, in words; empty when there is nothing.</summary>
    public string Around => string.Join(", ", ((string[])[
        MeanBurst > 1 ? FormattableString.Invariant($"in runs of {MeanBurst:0.#}") : "",
        Jitter > TimeSpan.Zero ? $"{Jitter.TotalMilliseconds:0} ms of jitter{(Overtaking ? ", overtaking" : "")}" : ""]).Where(part => part.Length > 0));

    /// <summary>In a few characters.</summary>
    public override string ToString() =>
        $"{(MeanBurst > 1 ? "burst" : "loss")}{LossPercent:0}{(Jitter > TimeSpan.Zero ? $"+jit{Jitter.TotalMilliseconds:0}{(Overtaking ? "r" : "")}" : "")}";
}

/// <summary>One direction of a wire: the same seed loses the same packets, whatever else it does to them.</summary>
internal sealed class LossyWire(NetworkConditions conditions, int seed)
{
    private readonly Random _losses = new(seed), _delays = new(seed + 1);
    private bool _isBad;
    private TimeSpan _last;

    /// <summary>How many were lost.</summary>
    public int Lost { get; private set; }

    /// <summary>When a packet comes.</summary>
    /// <param name="sent">When it is sent, counted from the start.</param>
    /// <returns>Null when it does not.</returns>
    public TimeSpan? Pass(TimeSpan sent)
    {
        double draw = _losses.NextDouble(), share = conditions.LossPercent / 100;
        if (conditions.MeanBurst > 1)
        {
            // Left with a chance that makes bad times as long as asked for, and entered so often that as many are lost.
            double leave = 1 / conditions.MeanBurst, enter = share >= 1 ? 1 : leave * share / (1 - share);
            _isBad = _isBad ? draw >= leave : draw < enter;
        }
        else
        {
            _isBad = draw < share;
        }

        TimeSpan arrival = sent + NetworkConditions.Transit + (conditions.Jitter * _delays.NextDouble());
        if (!conditions.Overtaking && arrival < _last) arrival = _last;
        _last = arrival;
        if (!_isBad) return arrival;
        Lost++;
        return null;
    }
}
