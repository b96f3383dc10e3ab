using Parley.Net;

namespace Parley.Endpoint.Sip.Overload;

/// <summary>Finds how many of the beginnings the system is to let through: those that can be served and a few more, so that it shows when more could be.</summary>
/// <remarks>
/// What comes in is what was taken out of the buffer and what waits there more than before. Who goes by the former alone takes a buffer that drains for much that comes, and
/// lets too little through next, until everybody's repetitions fill the buffer again.
/// </remarks>
internal sealed class ThinningShare
{
    private const int Parts = DatagramThinning.Parts;
    private const double Surplus = 1.05;
    private const double LeastStep = 0.2, MostStep = 2;
    private const double EnoughLess = 0.75, More = 1.2;     // what is nearer is left as it is: a change costs, too, and hits exchanges that are under way
    private const int FewShed = 5;                          // in percent

    private double _served;         // beginnings a second, when there were more than could be

    /// <summary>How many of 4096 parts are to be let through next.</summary>
    /// <param name="kept">How many were.</param>
    /// <param name="begun">The beginnings that were taken out of the buffer meanwhile.</param>
    /// <param name="shed">Those of them that were shed.</param>
    /// <param name="waiting">How many more wait there than before; negative for fewer.</param>
    /// <param name="isFull">True when what would be shed waits in the buffer: it was this lane that was held up, not that little came.</param>
    /// <param name="time">How long that was.</param>
    public int Next(int kept, int begun, int shed, double waiting, bool isFull, TimeSpan time)
    {
        double served = (begun - shed) / time.TotalSeconds, came = Math.Max(0, begun + waiting) / time.TotalSeconds;
        bool isBusy = isFull || (begun > 0 && 100L * shed / begun >= FewShed);
        if (isBusy) _served = _served == 0 ? served : (_served + served) / 2;
        else if (served > _served) _served = served;
        double step = came == 0 ? MostStep : Math.Clamp(Surplus * _served / came, LeastStep, MostStep);
        if (isFull) step = Math.Min(step, 1);
        else if (shed == 0) step = Math.Max(step, More);
        return step is > EnoughLess and < More ? kept : Math.Clamp((int)Math.Ceiling(kept * step), 1, Parts);
    }
}
