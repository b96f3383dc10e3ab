namespace Parley.UserAgent.Infos;

/// <summary>How keys that are pressed in a call travel.</summary>
public enum KeyTransport
{
    /// <summary>With the sound, as telephone events.</summary>
    /// <remarks>Source: RFC 4733.</remarks>
    Rtp,

    /// <summary>By INFO with <c>application/dtmf-relay</c>, which says how long a key was held down.</summary>
    InfoRelay,

    /// <summary>By INFO with <c>application/dtmf</c>: the key alone.</summary>
    Info,
}
