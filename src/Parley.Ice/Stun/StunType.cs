namespace Parley.Ice.Stun;

/// <summary>What a STUN message is: its method and class together.</summary>
/// <remarks>Source: RFC 8489 5, 18.2.</remarks>
public enum StunType : ushort
{
    /// <summary>Asks by which address the other side sees this one.</summary>
    BindingRequest = 0x0001,

    /// <summary>The same without an answer: a keep-alive.</summary>
    BindingIndication = 0x0011,

    /// <summary>Says by which.</summary>
    BindingSuccess = 0x0101,

    /// <summary>Refuses.</summary>
    BindingError = 0x0111,
}
