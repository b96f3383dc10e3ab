namespace Parley.Net;

/// <summary>What of the datagrams that come to a socket the system is to drop before anybody has to receive them: lines of text of which some begin something, and share a field with what follows.</summary>
/// <remarks>
/// By the value of the field, so that what belongs together (SIP's Call-ID) is kept or dropped together: of an exchange that is under way
/// nothing is lost, and the smaller number kept is a part of the larger one. Who owns the socket spends nothing on what is dropped, which no program
/// of its own can do: receiving a datagram to drop it costs a tenth of answering it.
/// </remarks>
public sealed record DatagramThinning
{
    /// <summary>How many parts <see cref="Kept"/> is of.</summary>
    public const int Parts = 4096;

    /// <summary>How far from its beginning a datagram is searched for the field; where it is not found, the datagram is kept. The system may have room for less.</summary>
    public const int SearchBytes = 768;

    /// <summary>The field by whose value is chosen.</summary>
    public required FieldSteering Field { get; init; }

    /// <summary>The first four characters of the datagrams that may be dropped, in ASCII: 1 to 16.</summary>
    public required IReadOnlyList<string> Starts { get; init; }

    /// <summary>What datagrams that belong to something have twice in their first 350 bytes: five characters of ASCII. They are kept.</summary>
    public required string Mark { get; init; }

    /// <summary>How many of 4096 parts are kept.</summary>
    /// <value>1 to 4095.</value>
    public required int Kept { get; init; }
}
