using Parley.Media.Mixing;
using Parley.Server.Configuration;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Conferences;

/// <summary>The rooms of a server, which its lanes share: who is in which.</summary>
/// <remarks>
/// The calls of a room are on whichever lanes their Call-IDs lead to. Who comes and goes takes the lock here for a moment; sound never does (<see cref="Mixer"/>). A room
/// is there while somebody is in it; its beat is the loop's of the lane that its first call came to. When a room changes, each lane is told, and tells those who
/// watch the room there.
/// </remarks>
internal sealed class ConferenceRooms
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ConferenceRoom> _rooms = new(StringComparer.Ordinal);
    private readonly List<LaneConferences> _lanes = [];

    /// <summary>Rooms with somebody in them.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _rooms.Count;
        }
    }

    /// <summary>Adds a lane, before any request comes.</summary>
    public void Add(LaneConferences lane)
    {
        lock (_gate) _lanes.Add(lane);
    }

    /// <summary>Whether somebody may come in.</summary>
    /// <param name="name">The room's canonical address of record.</param>
    /// <param name="limits">How many there may be.</param>
    public RoomEntry MayEnter(string name, ConferenceOptions limits)
    {
        lock (_gate) return _rooms.TryGetValue(name, out ConferenceRoom? room) ? MayEnter(room, limits) : _rooms.Count < limits.MaxRooms ? RoomEntry.Open : RoomEntry.TooManyRooms;
    }

    /// <summary>Lets somebody in; the first one makes the room.</summary>
    /// <param name="member">Who.</param>
    /// <param name="limits">How many there may be.</param>
    public RoomEntry Enter(RoomMember member, ConferenceOptions limits)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(member.RoomName, out ConferenceRoom? room))
            {
                if (_rooms.Count >= limits.MaxRooms) return RoomEntry.TooManyRooms;
                _rooms.Add(member.RoomName, room = new ConferenceRoom(member.RoomName));
                new RoomBeat(member.Lane.Loop, room.Mixer).Start();
            }

            RoomEntry entry = MayEnter(room, limits);
            if (entry != RoomEntry.Open) return entry;
            member.Enter(room, room.Mixer.Join(), room.NextNumber());
            room.Members.Add(member);
            return RoomEntry.Open;
        }
    }

    /// <summary>Somebody's call is confirmed: the others hear that he is there.</summary>
    public void Arrive(RoomMember member)
    {
        lock (_gate) member.IsPresent = true;
        member.Room!.Mixer.Play(RoomTones.Joined());
        Tell(member.RoomName);
    }

    /// <summary>Somebody's call is over.</summary>
    public void Leave(RoomMember member)
    {
        if (member.Room is not { } room) return;
        lock (_gate)
        {
            room.Members.Remove(member);
            room.Mixer.Leave(member.Party);
            if (room.Members.Count == 0) _rooms.Remove(room.Name);
        }

        if (!member.IsPresent) return;
        room.Mixer.Play(RoomTones.Left());
        Tell(member.RoomName);
    }

    /// <summary>Locks a room, or unlocks it, for who has been there longest.</summary>
    /// <returns>False when that is somebody else.</returns>
    public bool TryTurnKey(RoomMember member)
    {
        ConferenceRoom room = member.Room!;
        bool isLocked;
        lock (_gate)
        {
            if (room.Members.Find(one => one.IsPresent) != member) return false;
            isLocked = room.IsLocked = !room.IsLocked;
        }

        room.Mixer.Play(isLocked ? RoomTones.Locked() : RoomTones.Unlocked());
        Tell(member.RoomName);
        return true;
    }

    /// <summary>Something about somebody in a room is another than it was: who watches is told.</summary>
    /// <param name="name">The room.</param>
    public void Tell(string name)
    {
        lock (_gate)
        {
            foreach (LaneConferences lane in _lanes) lane.Post(name);
        }
    }

    /// <summary>A room as it is now; one that nobody is in is not active.</summary>
    public ConferenceInfo InfoOf(string name, ConferenceOptions limits)
    {
        lock (_gate) return _rooms.TryGetValue(name, out ConferenceRoom? room) ? room.ToInfo(limits) : ConferenceRoom.Empty(name, limits);
    }

    private static RoomEntry MayEnter(ConferenceRoom room, ConferenceOptions limits) =>
        room.IsLocked ? RoomEntry.Locked : room.Members.Count >= limits.MaxParties ? RoomEntry.Full : RoomEntry.Open;
}

/// <summary>Whether somebody may enter a room.</summary>
internal enum RoomEntry
{
    /// <summary>He may.</summary>
    Open,

    /// <summary>As many are there as may be.</summary>
    Full,

    /// <summary>Who was there first has locked it.</summary>
    Locked,

    /// <summary>It would be one room more than there may be.</summary>
    TooManyRooms,
}
