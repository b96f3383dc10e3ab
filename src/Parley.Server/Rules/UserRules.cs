namespace Parley.Server.Rules;

/// <summary>What an administrator has set for calls to and from a user.</summary>
public sealed record UserRules
{
    /// <summary>Where calls go instead.</summary>
    public ForwardingRules Forward { get; init; } = new();

    /// <summary>True when the user's phones shall not ring: the call goes where it goes when the user is busy, else the caller gets 480 (RFC 3261 21.4.18).</summary>
    public bool DoNotDisturb { get; init; }

    /// <summary>How many calls the user may have at a time, those that ring included, as caller and as callee; 0 for any number.</summary>
    public int MaxCalls { get; init; }
}

/// <summary>Where calls for a user go instead, and when; null leaves them where they are.</summary>
public sealed record ForwardingRules
{
    /// <summary>How long a phone rings before a call is not answered, unless something else is set.</summary>
    public static readonly TimeSpan DefaultAfter = TimeSpan.FromSeconds(20);

    /// <summary>All calls.</summary>
    public CallTarget? Always { get; init; }

    /// <summary>Calls while the user is busy: 486, the most calls that there may be, or do not disturb.</summary>
    public CallTarget? Busy { get; init; }

    /// <summary>Calls that rang and were not answered.</summary>
    public CallTarget? NoAnswer { get; init; }

    /// <summary>Calls while no phone of the user can be reached.</summary>
    public CallTarget? Offline { get; init; }

    /// <summary>Calls that the user refuses for all his phones, with a 6xx.</summary>
    public CallTarget? Declined { get; init; }

    /// <summary>How long a phone rings before a call is not answered.</summary>
    public TimeSpan After { get; init; } = DefaultAfter;
}
