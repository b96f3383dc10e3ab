namespace Parley.Server.Configuration;

/// <summary>The conference rooms: <c>sip:conference-NAME@DOMAIN</c>.</summary>
public sealed record ConferenceOptions
{
    /// <summary>Rooms with somebody in them at a time; one more is answered 480.</summary>
    /// <value>0 to 10000; 0 has none: the names are ordinary users then. Default 100.</value>
    public int MaxRooms { get; init; } = 100;

    /// <summary>Who may be in a room at a time; one more is answered 486.</summary>
    /// <value>2 to 1000. Default 100.</value>
    public int MaxParties { get; init; } = 100;

    /// <summary>Whether callers who are neither authenticated nor in a trusted network may call and watch rooms.</summary>
    /// <value>Default false: a room is the business of its domain's users.</value>
    public bool Strangers { get; init; }
}
