using Parley.Load.Measuring;

namespace Parley.Load.Traffic;

/// <summary>What became of the exchanges of a run.</summary>
internal sealed class Tally
{
    /// <summary>How long those that succeeded took from the moment when they were due.</summary>
    public Histogram Times { get; } = new();

    /// <summary>How many succeeded.</summary>
    public long Done => Times.Count;

    /// <summary>How many did not.</summary>
    public long Failed { get; set; }

    /// <summary>How many of those were refused with 503.</summary>
    public long Refused { get; set; }

    /// <summary>How many messages were sent again.</summary>
    public long Retransmissions { get; set; }

    /// <summary>The status of the last answer that was none to be content with; 0 for none.</summary>
    public int LastRefusal { get; set; }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Times.Clear();
        Failed = 0;
        Refused = 0;
        Retransmissions = 0;
        LastRefusal = 0;
    }
}
