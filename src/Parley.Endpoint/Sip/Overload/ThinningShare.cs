using Parley.Net;

namespace Parley.Endpoint.Sip.Overload;

/// <summary>Finds how many of the beginnings the system is to let through: those that can be served and a few more, so that it shows when more could be.</summary>
/// <remarks>
/// Two averages make the share: how many beginnings a second can be served, and how many would come if all were let through. What waits in the
/// buffer beyond where shedding begins is to be gone within half a second, which is taken off. What came in is what was taken out of the buffer and what
/// waits there more than before: who goes by the former alone takes a buffer that drains for much that comes, and lets too little through next, until
/// everybody's repetitions fill it again.
/// </remarks>
internal sealed class ThinningShare
{
    private const int Parts = DatagramThinning.Parts;
    private const double Surplus = 1.05;
    private const double Newest = 0.5;                      // of an average
    private const double DrainSeconds = 0.5;
    private const double LeastStep = 0.2, MostStep = 2;     // upwards only when nothing had to be shed
    private const double EnoughLess = 0.75, More = 1.2;     // what is nearer is left as it is: who is let in no more was served in vain, who is let in now comes with all repetitions
    private const int FewShed = 5;                          // in percent

    private double _served;         // beginnings a second, when there were more than could be
    private double _offered;        // beginnings a second, for each of the parts; 0 when it is not known

    /// <summary>How many of 4096 parts are to be let through next.</summary>
    /// <param name="kept">How many were.</param>
    /// <param name="seen">What came of the beginnings meanwhile.</param>
    public int Next(int kept, in ThinningSample seen)
    {
        double served = (seen.Begun - seen.Shed) / seen.Time.TotalSeconds;
        double offered = Math.Max(0, seen.Begun + seen.MoreWaiting) / seen.Time.TotalSeconds / kept;
        bool isBusy = seen.Excess > 0 || (seen.Begun > 0 && 100L * seen.Shed / seen.Begun >= FewShed);
        if (isBusy) _served = _served == 0 ? served : Average(_served, served);
        else if (served > _served) _served = served;
        _offered = _offered == 0 || kept == Parts ? offered : Average(_offered, offered);
        double wanted = _offered == 0 ? double.PositiveInfinity : ((Surplus * _served) - (seen.Excess / DrainSeconds)) / _offered;
        bool isCalm = seen.Excess == 0 && seen.Shed == 0;
        double step = Math.Clamp(wanted / kept, isCalm ? More : LeastStep, isCalm ? MostStep : More);
        return step is > EnoughLess and < More ? kept : Math.Clamp((int)Math.Ceiling(kept * step), 1, Parts);
    }

    private static double Average(double before, double now) => before + (Newest * (now - before));
}

/// <summary>What was seen of the beginnings since the last look.</summary>
/// <param name="Begun">How many were taken out of the buffer.</param>
/// <param name="Shed">Those of them that were shed.</param>
/// <param name="MoreWaiting">How many more wait there than at the last look; negative for fewer.</param>
/// <param name="Excess">How many wait beyond where shedding begins.</param>
/// <param name="Time">How long that was.</param>
internal readonly record struct ThinningSample(int Begun, int Shed, double MoreWaiting, double Excess, TimeSpan Time);
