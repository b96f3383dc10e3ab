using Parley.Server.CallRecords;
using Parley.Server.Calls;
using Parley.Server.Proxy;

namespace Parley.Server.Rules;

/// <summary>Whom an INVITE is for by now, and where it goes when he does not answer: what the rules of the configuration have made of it so far.</summary>
/// <remarks>Only calls that rules apply to have one. Belongs to the lane of the call, and lives until its final response.</remarks>
internal sealed class CallRoute
{
    /// <summary>How often a call may be sent elsewhere.</summary>
    private const int MaxDiversions = 10;

    private readonly List<byte[]> _reached = [];
    private readonly bool _isSecure;
    private byte[] _diverted = [];
    private UserRules? _rules;
    private RingGroup? _group;
    private CallTarget? _target;

    /// <summary>The route of a call that no rule has touched yet.</summary>
    public CallRoute(in RequestContext request) =>
        (Caller, Routes, Mark, History, _isSecure) = (request.Caller, request.Routes, request.Mark, CallHistory.Begin(request.Message), request.IsSecure);

    /// <summary>Who calls.</summary>
    public CallerKind Caller { get; }

    /// <summary>What is taken from the INVITE's Route.</summary>
    public RouteChanges Routes { get; }

    /// <summary>By what this server knows the INVITE again.</summary>
    public LoopMark Mark { get; }

    /// <summary>Where it has been.</summary>
    public CallHistory History { get; }

    /// <summary>Whose calls it counts among.</summary>
    public CallClaims Claims { get; } = new();

    /// <summary>Its record; null when none is kept, or it was not sent yet.</summary>
    public RecordedCall? Recorded { get; set; }

    /// <summary>True while it is for a group.</summary>
    public bool IsForGroup => _group is not null;

    /// <summary>How long phones may ring; zero while nothing would follow.</summary>
    public TimeSpan RingTime => _group is { } group ? group.After : _rules?.Forward.NoAnswer is null ? TimeSpan.Zero : _rules.Forward.After;

    /// <summary>Where it is sent; the default value while it goes where its Request-URI says.</summary>
    public ReadOnlySpan<byte> Target => _target is null ? default : _target.UriFor(_isSecure);

    /// <summary>True when a rule of somebody has sent it elsewhere: more than a short code, which is a way to write a name.</summary>
    public bool HasDiverted => _diverted.Length > 0;

    /// <summary>The Request-URI that the last such rule was for.</summary>
    public ReadOnlySpan<byte> Diverted => _diverted;

    /// <summary>It is for a user with rules.</summary>
    public void Reach(UserRules rules) => (_rules, _group) = (rules, null);

    /// <summary>It is for a group.</summary>
    public void Reach(RingGroup group) => (_rules, _group) = (null, group);

    /// <summary>Sends it elsewhere.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="from">The Request-URI that it had.</param>
    /// <param name="reason">Why.</param>
    /// <returns>False when it was there already, or was sent elsewhere often enough.</returns>
    public bool TryDivert(CallTarget target, ReadOnlySpan<byte> from, DiversionReason reason)
    {
        if (_reached.Count > MaxDiversions) return false;
        _reached.Add(from.ToArray());
        foreach (byte[] uri in _reached)
        {
            if (target.UriFor(_isSecure).SequenceEqual(uri)) return false;
        }

        if (reason != DiversionReason.Unknown) _diverted = _reached[^1];
        History.Divert(from, target, reason);
        (_rules, _group, _target) = (null, null, target);
        return true;
    }

    /// <summary>Finds where the call goes now that nobody has answered.</summary>
    /// <param name="statusCode">The final response that the caller would get.</param>
    /// <param name="hasRung">True when a phone rang.</param>
    /// <param name="reason">Why it goes there.</param>
    /// <returns>Null when the caller gets that response.</returns>
    public CallTarget? After(int statusCode, bool hasRung, out DiversionReason reason)
    {
        reason = ReasonOf(statusCode, hasRung);
        if (_group is { } group) return reason == DiversionReason.Declined ? null : group.Otherwise;
        return _rules?.Forward is not { } forward ? null : reason switch
        {
            DiversionReason.Busy => forward.Busy,
            DiversionReason.NoAnswer => forward.NoAnswer,
            DiversionReason.Offline => forward.Offline,
            DiversionReason.Declined => forward.Declined,
            _ => null,
        };
    }

    /// <summary>What a final response says about the callee. Most refusals of 4xx are none of these: he has decided.</summary>
    private static DiversionReason ReasonOf(int statusCode, bool hasRung) => statusCode switch
    {
        486 => DiversionReason.Busy,
        >= 600 => DiversionReason.Declined,
        408 or 480 when hasRung => DiversionReason.NoAnswer,
        408 or 480 or 404 or 410 or 430 or >= 500 and < 600 => DiversionReason.Offline,
        _ => DiversionReason.Unknown,
    };
}

/// <summary>Why a call was sent elsewhere, as RFC 5806 4.1 tells reasons apart.</summary>
internal enum DiversionReason
{
    Unknown,
    Unconditional,
    Busy,
    NoAnswer,
    Offline,
    DoNotDisturb,
    Declined,
}
