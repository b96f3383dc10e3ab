namespace Parley.Server.CallRecords;

/// <summary>Who ended a call.</summary>
internal enum CallEnder
{
    /// <summary>Nobody knows: no BYE came until its time was over.</summary>
    Unknown,

    /// <summary>Who began it.</summary>
    Caller,

    /// <summary>Who answered it, or refused it.</summary>
    Callee,

    /// <summary>This server.</summary>
    Server,
}

/// <summary>One call that went through this server, or to it: a row of the call records.</summary>
/// <param name="CallId">The Call-ID.</param>
/// <param name="FromTag">The caller's tag.</param>
/// <param name="Caller">The URI of From.</param>
/// <param name="Callee">The URI of To.</param>
/// <param name="Asserted">The user whose password or network was proven; empty for a stranger.</param>
/// <param name="Started">When its INVITE came.</param>
internal sealed record CallRecord(string CallId, string FromTag, string Caller, string Callee, string Asserted, DateTimeOffset Started)
{
    /// <summary>When it was answered; null for a call that nobody answered.</summary>
    public DateTimeOffset? Answered { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset Ended { get; init; }

    /// <summary>The status of its final response.</summary>
    public int Status { get; init; }

    /// <summary>Who ended it.</summary>
    public CallEnder EndedBy { get; init; }

    /// <summary>The URIs that were tried, in order.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The first codec of the answer; empty where there is no description.</summary>
    public string Codec { get; init; } = "";

    /// <summary>What the ends have reported, the caller's first; nothing in a record that is to be stored.</summary>
    public IReadOnlyList<ReportedQuality> Quality { get; init; } = [];

    /// <summary>How long was talked; zero for a call that nobody answered.</summary>
    public TimeSpan Duration => Answered is { } answered && Ended > answered ? Ended - answered : TimeSpan.Zero;
}

/// <summary>What an end of a call has reported of how it sounds there.</summary>
/// <param name="CallId">Of which call.</param>
/// <param name="Reporter">Who: the user who published it.</param>
/// <param name="Reported">When.</param>
/// <remarks>Source: RFC 6035.</remarks>
internal sealed record ReportedQuality(string CallId, string Reporter, DateTimeOffset Reported)
{
    /// <summary>The codec.</summary>
    public string Codec { get; init; } = "";

    /// <summary>Conversational quality: 1 to 5.</summary>
    public double? Score { get; init; }

    /// <summary>Listening quality: 1 to 5.</summary>
    public double? ListeningScore { get; init; }

    /// <summary>The transmission rating.</summary>
    public double? R { get; init; }

    /// <summary>Packets that never came.</summary>
    public double? LossPercent { get; init; }

    /// <summary>Packets that came and could not be played.</summary>
    public double? DiscardPercent { get; init; }

    /// <summary>Interarrival jitter.</summary>
    public int? JitterMilliseconds { get; init; }

    /// <summary>There and back.</summary>
    public int? RoundTripMilliseconds { get; init; }

    /// <summary>From mouth to ear.</summary>
    public int? DelayMilliseconds { get; init; }
}
