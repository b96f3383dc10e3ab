namespace Parley.Rtp.Redundancy;

/// <summary>Which earlier payloads go with each packet: so many, so far apart.</summary>
/// <param name="Depth">How many: 0 to <see cref="RedundancyWriter.MaxDepth"/>.</param>
/// <param name="Spacing">Packets from one to the next, and from the first to the packet itself: 1 or more.</param>
/// <remarks>
/// Packets that get lost in runs take their neighbours with them, and what the neighbours hold again:
/// <code>
/// spacing 1, depth 2:  n holds n-1 and n-2       a run of three takes all of what is in its middle
/// spacing 3, depth 2:  n holds n-3 and n-6       what a run takes is in a packet behind it
/// </code>
/// What is farther away is also later there. By Gilbert's model of two states, of which the bad one loses everything: after a lost packet the one that is s packets behind it is lost
/// with a chance of p + (1 - p) (1 - leave - enter)^s, where runs are 1 / leave long on average.
/// </remarks>
public readonly record struct RedundancyPlan(int Depth, int Spacing)
{
    /// <summary>The packet farthest back that is ever sent again.</summary>
    /// <value>6: 120 ms of delay with the usual packets.</value>
    public const int MaxDistance = 6;

    private const double NearlyAsGood = 1.25;       // as the best: fewer bytes and less delay are worth that

    /// <summary>Nothing is sent again.</summary>
    public static readonly RedundancyPlan None = new(0, 1);

    /// <summary>The least that leaves no more lost than may stay lost; or the best that can be had, or nearly so.</summary>
    /// <param name="loss">The share of packets that get lost: 0 to 1.</param>
    /// <param name="meanRun">How many get lost one after the other, on average; 1 and less: each by itself.</param>
    /// <param name="covered">How many lost packets in a row the codec itself makes good by the next one: 0, or 1 with FEC.</param>
    /// <param name="leftLost">The share that may stay lost.</param>
    public static RedundancyPlan For(double loss, double meanRun, int covered, double leftLost)
    {
        double best = Left(None);
        if (best <= leftLost) return None;
        RedundancyPlan least = None;
        for (int depth = 1; depth <= RedundancyWriter.MaxDepth; depth++)
        {
            for (int spacing = 1; depth * spacing <= MaxDistance; spacing++)
            {
                RedundancyPlan plan = new(depth, spacing);
                double left = Left(plan);
                if (left <= leftLost) return plan;
                if (left * NearlyAsGood >= best) continue;
                (best, least) = (left, plan);
            }
        }

        return least;

        // The chance that a packet is lost and all behind it that hold it again. What FEC holds is in the packet behind, whatever else is there.
        double Left(RedundancyPlan plan)
        {
            double left = loss * (covered > 0 ? LostBehind(loss, meanRun, 1) : 1);
            for ((int i, int last) = (1, covered); i <= plan.Depth; i++)
            {
                int distance = i * plan.Spacing;
                if (distance > last) left *= LostBehind(loss, meanRun, distance - last);
                last = Math.Max(last, distance);
            }

            return left;
        }
    }

    /// <summary>How likely the packet so many behind a lost one is lost too.</summary>
    internal static double LostBehind(double loss, double meanRun, int packets)
    {
        if (loss is <= 0 or >= 1) return Math.Clamp(loss, 0, 1);
        double leave = 1 / Math.Max(meanRun, 1), enter = leave * loss / (1 - loss);
        return loss + ((1 - loss) * Math.Pow(Math.Max(0, 1 - leave - enter), packets));
    }
}
