using Parley.Core;

namespace Parley.Rtp.Redundancy;

/// <summary>Chooses which earlier payloads go with each packet, by what the other side says it loses.</summary>
/// <remarks>
/// As many as it takes that no more than <see cref="LeftLost"/> of the packets would be lost for good, farther apart when they get lost in runs (<see cref="RedundancyPlan"/>). Until the other side's first report this side's own losses
/// are the best guess, as both directions often share their bottleneck; and one payload goes twice, as the report comes after seconds.
/// <code>
///           loss doubles after redundancy grew               it does not fall without redundancy
/// Chosen ---------------------------------------> Trial ------------------------------------------> Chosen, and no trial for two minutes
///   ^                                               | it falls: redundancy was its cause
///   +------------------ after 30 s ---- Congested &lt;-+
/// </code>
/// The trial is there because redundancy on a full link is itself a reason for loss (RFC 2198 6). A core: it is told the time.
/// </remarks>
public sealed class RedundancyControl
{
    /// <summary>The share of packets that may stay lost.</summary>
    /// <value>1 in 200: heard by nobody when it is concealed.</value>
    public const double LeftLost = 0.005;

    private const double RisesBy = 0.5, FallsBy = 0.25;     // of the way to what the last report says
    private const double Suspicious = 0.15;
    private const double Falls = 0.6;
    private const int TrialReports = 2;                     // the first is still about the time before
    private static readonly TimeSpan WithoutReport = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Immunity = TimeSpan.FromMinutes(2);

    private readonly int _covered;
    private readonly Instant _start;
    private Mode _mode;
    private bool _hasReport;
    private double _loss, _ownLoss, _meanRun = 1;
    private long _received, _lost;          // what this side had counted before
    private double _lossWhenRaised, _lossWhenTried;
    private int _suspicions, _reportsLeft;
    private Instant _pausedUntil, _immuneUntil;

    /// <summary>For a stream that begins.</summary>
    /// <param name="now">The time.</param>
    /// <param name="covered">How many lost packets in a row the codec itself makes good by the next one: 0, or 1 with FEC.</param>
    public RedundancyControl(Instant now, int covered)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)covered, 1u);
        (_start, _covered, _pausedUntil, _immuneUntil) = (now, covered, now, now);
        Plan = new RedundancyPlan(1 - covered, 1);
    }

    private enum Mode
    {
        Chosen,
        Trial,
        Congested,
    }

    /// <summary>The earlier payloads to be sent with each packet.</summary>
    public RedundancyPlan Plan { get; private set; }

    /// <summary>How many they are: 0 to <see cref="RedundancyWriter.MaxDepth"/>.</summary>
    public int Depth => Plan.Depth;

    /// <summary>How much is lost by the other side's reports, of which the last weighs most; null before the first.</summary>
    /// <value>0 to 1.</value>
    public double? Loss => _hasReport ? _loss : null;

    /// <summary>The other side reported.</summary>
    /// <param name="now">The time.</param>
    /// <param name="fractionLost">Of what it was sent since its report before: 0 to 1.</param>
    /// <param name="meanRun">How many get lost one after the other, on average, as far as that is known: 1 or more.</param>
    public void OnReport(Instant now, double fractionLost, double meanRun = 1)
    {
        _meanRun = meanRun;
        _loss = !_hasReport ? fractionLost : _loss + ((fractionLost - _loss) * (fractionLost > _loss ? RisesBy : FallsBy));
        _hasReport = true;
        switch (_mode)
        {
            case Mode.Chosen:
                bool isSuspicious = Depth > 0 && now >= _immuneUntil && fractionLost > Math.Max(Suspicious, 2 * _lossWhenRaised);
                _suspicions = isSuspicious ? _suspicions + 1 : 0;
                if (_suspicions >= 2) (_mode, _lossWhenTried, _reportsLeft, _suspicions) = (Mode.Trial, fractionLost, TrialReports, 0);
                break;
            case Mode.Trial:
                if (--_reportsLeft > 0) break;
                if (fractionLost < _lossWhenTried * Falls) (_mode, _pausedUntil) = (Mode.Congested, now + Pause);
                else (_mode, _immuneUntil) = (Mode.Chosen, now + Immunity);
                break;
            default:
                if (now >= _pausedUntil) (_mode, _lossWhenRaised) = (Mode.Chosen, fractionLost);
                break;
        }

        Choose(_loss);
    }

    /// <summary>Says what this side has lost itself, about each second.</summary>
    /// <param name="now">The time.</param>
    /// <param name="received">Packets received so far.</param>
    /// <param name="lost">Packets lost so far.</param>
    public void OnOwnLoss(Instant now, long received, long lost)
    {
        (long come, long gone) = (received - _received, Math.Max(0, lost - _lost));
        (_received, _lost) = (received, lost);
        if (come + gone > 0) _ownLoss += (((double)gone / (come + gone)) - _ownLoss) * FallsBy;
        if (_hasReport) return;
        Choose(_ownLoss);
        if (now - _start < WithoutReport && Depth == 0) Plan = new RedundancyPlan(1 - _covered, 1);
    }

    private void Choose(double loss)
    {
        int before = Depth;
        Plan = _mode == Mode.Chosen ? RedundancyPlan.For(loss, _meanRun, _covered, LeftLost) : RedundancyPlan.None;
        if (Depth > before) _lossWhenRaised = loss;
    }
}
