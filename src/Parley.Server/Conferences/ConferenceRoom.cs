using System.Globalization;
using Parley.Media.Mixing;
using Parley.Server.Configuration;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Conferences;

/// <summary>A room with somebody in it: its mix, and who is there. All members are under the lock of <see cref="ConferenceRooms"/>, but for the mixer.</summary>
/// <param name="name">The canonical address of record of its URI.</param>
internal sealed class ConferenceRoom(string name)
{
    private int _lastNumber;

    /// <summary>The canonical address of record of its URI.</summary>
    public string Name => name;

    /// <summary>What lets them hear each other.</summary>
    public Mixer Mixer { get; } = new();

    /// <summary>Who is there, in the order in which they came; those whose call is not confirmed yet too.</summary>
    public List<RoomMember> Members { get; } = [];

    /// <summary>True while nobody else may come.</summary>
    public bool IsLocked { get; set; }

    /// <summary>A number that no other member of the room has had.</summary>
    public int NextNumber() => ++_lastNumber;

    /// <summary>The URI of a room.</summary>
    public static string UriOf(string name) => "sip:" + Uri.EscapeDataString(name[..name.LastIndexOf('@')]) + name[name.LastIndexOf('@')..];

    /// <summary>A room that nobody is in, as watchers are told of it.</summary>
    public static ConferenceInfo Empty(string name, ConferenceOptions limits) => new(UriOf(name), [])
    {
        UserCount = 0,
        IsActive = false,
        IsLocked = false,
        MaximumUserCount = (uint)limits.MaxParties,
    };

    /// <summary>The room as watchers are told of it.</summary>
    /// <remarks>
    /// A user's phones are one user's endpoints. Where a phone is, is not told: its endpoint is the user's URI with a number, as the Contact would be of no use to
    /// anybody else. Source: RFC 4575 5.5 to 5.8.
    /// </remarks>
    public ConferenceInfo ToInfo(ConferenceOptions limits)
    {
        List<ConferenceUser> users = [];
        foreach (IGrouping<string, RoomMember> phones in Members.Where(member => member.IsPresent).GroupBy(EntityOf, StringComparer.Ordinal))
        {
            string? display = phones.Select(phone => phone.DisplayName).FirstOrDefault(text => text.Length > 0);
            users.Add(new ConferenceUser(phones.Key, [.. phones.Select(ToEndpoint)]) { DisplayText = display });
        }

        return Empty(name, limits) with { Users = users, UserCount = (uint)users.Count, IsActive = true, IsLocked = IsLocked };
    }

    /// <summary>Who hides himself has a name that nobody else in the room has.</summary>
    /// <remarks>Source: RFC 4575 5.6.</remarks>
    private static string EntityOf(RoomMember member) =>
        member.Uri.Contains("@anonymous.invalid", StringComparison.OrdinalIgnoreCase) ? $"sip:anonymous{member.Number}@anonymous.invalid" : member.Uri;

    private static ConferenceEndpoint ToEndpoint(RoomMember member) => new(
        string.Create(CultureInfo.InvariantCulture, $"{EntityOf(member)};endpoint={member.Number}"),
        [new ConferenceMedia("1", "audio", member.Party.IsMuted ? "recvonly" : "sendrecv")])
    {
        Status = member.IsOnHold ? "on-hold" : "connected",
        JoiningMethod = "dialed-in",
    };
}
