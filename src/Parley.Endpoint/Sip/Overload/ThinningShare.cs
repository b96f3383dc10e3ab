using Parley.Net;

namespace Parley.Endpoint.Sip.Overload;

/// <summary>Finds how many of the beginnings the system is to let through: those that can be served and a tenth more, so that it shows when more could be.</summary>
internal sealed class ThinningShare
{
    private const int Parts = DatagramThinning.Parts;
    private const double Surplus = 1.1;
    private const double LeastStep = 0.2, MostStep = 2;
    private const double EnoughLess = 0.85, EnoughMore = 1.1;       // what is nearer is left as it is: a change costs, too, and hits exchanges that are under way
    private const int FewShed = 5, ManyShed = 25;                   // in percent

    private double _served;         // beginnings a second, when there were more than could be

    /// <summary>How many of 4096 parts are to be let through next.</summary>
    /// <param name="kept">How many were.</param>
    /// <param name="begun">The beginnings that came in meanwhile.</param>
    /// <param name="shed">Those of them that were shed.</param>
    /// <param name="isDraining">True when the buffer is emptier than before: part of what came in had waited there.</param>
    /// <param name="isFull">True when what would be shed waits in the buffer: it was this lane that was held up, not that little came.</param>
    /// <param name="time">How long that was.</param>
    public int Next(int kept, int begun, int shed, bool isDraining, bool isFull, TimeSpan time)
    {
        double rate = begun / time.TotalSeconds, served = (begun - shed) / time.TotalSeconds;
        int percent = begun == 0 ? 0 : (int)(100L * shed / begun);
        if (percent >= FewShed) _served = _served == 0 ? served : (_served + served) / 2;
        else if (served > _served) _served = served;
        if (percent > ManyShed && isDraining) return kept;
        double step = isFull && rate < _served ? 1 : rate == 0 ? MostStep : Math.Clamp(Surplus * _served / rate, LeastStep, MostStep);
        return step is > EnoughLess and < EnoughMore ? kept : Math.Clamp((int)Math.Ceiling(kept * step), 1, Parts);
    }
}
