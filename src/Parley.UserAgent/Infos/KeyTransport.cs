namespace Parley.UserAgent.Infos;

/// <summary>How keys that are pressed in a call travel.</summary>
public enum KeyTransport
{
    /// <summary>With the sound, as telephone events.</summary>
    /// <remarks>Source: RFC 4733.</remarks>
    Rtp,

    /// <summary>As tones in the place of the sound, for gateways and voice menus that know nothing else. Codecs for speech (Opus, G.729) may spoil them.</summary>
    /// <remarks>Source: ITU-T Q.23.</remarks>
    Tones,

    /// <summary>By INFO with <c>application/dtmf-relay</c>, which says how long a key was held down.</summary>
    InfoRelay,

    /// <summary>By INFO with <c>application/dtmf</c>: the key alone.</summary>
    Info,
}
