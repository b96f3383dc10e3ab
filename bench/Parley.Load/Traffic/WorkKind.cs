namespace Parley.Load.Traffic;

/// <summary>What the exchanges of a run are.</summary>
internal enum WorkKind
{
    /// <summary>REGISTER, 401, REGISTER with a digest, 200.</summary>
    Register,

    /// <summary>OPTIONS to the server itself, 200.</summary>
    Options,

    /// <summary>OPTIONS to a registered user, who answers 200: the server forwards both.</summary>
    Forward,

    /// <summary>INVITE, 180, 200, ACK, BYE, 200 with a registered user.</summary>
    Call,

    /// <summary>INVITE, 180, 200, ACK, and nothing more: the call is held for ever.</summary>
    Hold,

    /// <summary>INVITE, 180, and nothing more: it rings until the server gives up.</summary>
    Ring,
}
