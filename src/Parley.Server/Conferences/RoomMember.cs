using Parley.Core;
using Parley.Media.Mixing;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Conferences;

/// <summary>Somebody's call to a room: comes in with it, presses keys, and leaves with it.</summary>
/// <remarks>Its calls are the lane's. What others see of it is under the lock of <see cref="ConferenceRooms"/>.</remarks>
/// <param name="rooms">The rooms.</param>
/// <param name="lane">The lane that the call is on.</param>
/// <param name="roomName">The canonical address of record of the room.</param>
/// <param name="call">The call.</param>
internal sealed class RoomMember(ConferenceRooms rooms, LaneConferences lane, string roomName, CallLeg call) : ICallObserver
{
    private static readonly TimeSpan KeyTimeout = TimeSpan.FromSeconds(3);      // from * to what follows it

    private MixerParty? _party;
    private Instant _starUntil = Instant.Never;
    private bool _isStarPressed;

    /// <summary>The lane that the call is on.</summary>
    public LaneConferences Lane => lane;

    /// <summary>The canonical address of record of the room.</summary>
    public string RoomName => roomName;

    /// <summary>Who it is: the URI of From.</summary>
    public string Uri { get; } = call.RemoteUri;

    /// <summary>The name that he gives himself; may be empty.</summary>
    public string DisplayName { get; } = call.RemoteDisplayName;

    /// <summary>The room, once he was let in.</summary>
    public ConferenceRoom? Room { get; private set; }

    /// <summary>His part of the mix.</summary>
    public MixerParty Party => _party ?? throw new InvalidOperationException("He is not in the room.");

    /// <summary>His number in the room.</summary>
    public int Number { get; private set; }

    /// <summary>True once his call is confirmed.</summary>
    public bool IsPresent { get; set; }

    /// <summary>True while he has put the room on hold.</summary>
    public bool IsOnHold { get; private set; }

    /// <summary>He was let in.</summary>
    public void Enter(ConferenceRoom room, MixerParty party, int number) => (Room, _party, Number) = (room, party, number);

    /// <inheritdoc/>
    public void OnEstablished(CallLeg call) => rooms.Arrive(this);

    /// <inheritdoc/>
    public void OnHeld(CallLeg call, bool isHeld)
    {
        IsOnHold = isHeld;
        rooms.Tell(RoomName);
    }

    /// <inheritdoc/>
    public void OnDigit(CallLeg call, char digit, TimeSpan duration)
    {
        bool isCommand = _isStarPressed && lane.Now <= _starUntil;
        (_isStarPressed, _starUntil) = (digit == '*', lane.Now + KeyTimeout);
        if (!isCommand) return;
        if (digit == '6') Mute();
        else if (digit == '7' && !rooms.TryTurnKey(this)) Party.Tell(RoomTones.Refused());
    }

    /// <inheritdoc/>
    public void OnEnded(CallLeg call, CallEnd end) => rooms.Leave(this);

    private void Mute()
    {
        Party.IsMuted = !Party.IsMuted;
        Party.Tell(Party.IsMuted ? RoomTones.Muted() : RoomTones.Unmuted());
        rooms.Tell(RoomName);
    }
}
