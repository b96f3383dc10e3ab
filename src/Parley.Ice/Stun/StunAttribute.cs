namespace Parley.Ice.Stun;

/// <summary>The type of an attribute. Whoever does not know one below 0x8000 must not act on its message.</summary>
/// <remarks>Source: RFC 8489 14, 18.3.</remarks>
public enum StunAttribute : ushort
{
    /// <summary>An address in the clear.</summary>
    MappedAddress = 0x0001,

    /// <summary>Why a request was refused.</summary>
    ErrorCode = 0x0009,

    /// <summary>The attributes of a request that were not understood.</summary>
    UnknownAttributes = 0x000A,

    /// <summary>An address that no NAT recognises, and so none rewrites.</summary>
    XorMappedAddress = 0x0020,

    /// <summary>Which program wrote it.</summary>
    Software = 0x8022,

    /// <summary>A checksum that tells STUN from what looks like it.</summary>
    Fingerprint = 0x8028,
}
