namespace Parley.Server.Configuration;

/// <summary>What the server tells of its users' calls to those who may watch them.</summary>
public enum DialogState
{
    /// <summary>Nothing: a SUBSCRIBE for dialogs goes on to the user's phones.</summary>
    Off,

    /// <summary>That there is a call, its direction, and how far it is: what a busy lamp shows.</summary>
    State,

    /// <summary>With whom, too, and what names the call, so that it can be picked up.</summary>
    Full,
}
