namespace Parley.Net.Virtual;

/// <summary>How a NAT maps and filters.</summary>
/// <remarks>The names are those of RFC 3489 5; in the words of RFC 4787 the first three map endpoint-independently and differ in their filter.</remarks>
public enum NatKind
{
    /// <summary>One mapping per inner address; everybody may send to it.</summary>
    FullCone,

    /// <summary>One mapping per inner address; a host may send to it that was sent to.</summary>
    RestrictedCone,

    /// <summary>One mapping per inner address; an address and port may send to it that was sent to.</summary>
    PortRestrictedCone,

    /// <summary>One mapping per inner address and remote address and port, which alone may send to it.</summary>
    Symmetric,
}
