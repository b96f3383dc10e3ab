namespace Parley.Sip.Messages;

/// <summary>The methods that the RFCs name; others are tokens that a proxy passes on.</summary>
/// <remarks>Source: RFC 3261 7.1, 3262, 3311, 3428, 3515, 3903, 6086, 6665.</remarks>
public enum SipMethod : byte
{
    /// <summary>A token that is not in this list; the view's MethodBytes have it.</summary>
    Unknown,

    /// <summary>RFC 3261.</summary>
    Invite,

    /// <summary>RFC 3261.</summary>
    Ack,

    /// <summary>RFC 3261.</summary>
    Bye,

    /// <summary>RFC 3261.</summary>
    Cancel,

    /// <summary>RFC 3261.</summary>
    Options,

    /// <summary>RFC 3261.</summary>
    Register,

    /// <summary>RFC 3262.</summary>
    Prack,

    /// <summary>RFC 6665.</summary>
    Subscribe,

    /// <summary>RFC 6665.</summary>
    Notify,

    /// <summary>RFC 3903.</summary>
    Publish,

    /// <summary>RFC 6086.</summary>
    Info,

    /// <summary>RFC 3515.</summary>
    Refer,

    /// <summary>RFC 3428.</summary>
    Message,

    /// <summary>RFC 3311.</summary>
    Update,
}

/// <summary>Names of methods on the wire.</summary>
public static class SipMethods
{
    private static readonly string[] Texts =
        ["", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE"];

    extension(SipMethod method)
    {
        /// <summary>The name on the wire; empty for <see cref="SipMethod.Unknown"/>.</summary>
        public ReadOnlySpan<byte> Name => method switch
        {
            SipMethod.Invite => "INVITE"u8,
            SipMethod.Ack => "ACK"u8,
            SipMethod.Bye => "BYE"u8,
            SipMethod.Cancel => "CANCEL"u8,
            SipMethod.Options => "OPTIONS"u8,
            SipMethod.Register => "REGISTER"u8,
            SipMethod.Prack => "PRACK"u8,
            SipMethod.Subscribe => "SUBSCRIBE"u8,
            SipMethod.Notify => "NOTIFY"u8,
            SipMethod.Publish => "PUBLISH"u8,
            SipMethod.Info => "INFO"u8,
            SipMethod.Refer => "REFER"u8,
            SipMethod.Message => "MESSAGE"u8,
            SipMethod.Update => "UPDATE"u8,
            _ => default,
        };

        /// <summary>The name on the wire as a string; empty for <see cref="SipMethod.Unknown"/>.</summary>
        public string Text => Texts[(int)method];
    }

    /// <summary>The method of a name. Methods are case-sensitive (RFC 3261 7.1).</summary>
    /// <returns><see cref="SipMethod.Unknown"/> for any other token.</returns>
    public static SipMethod Parse(ReadOnlySpan<byte> name)
    {
        SipMethod candidate = name.Length switch
        {
            3 => name[0] == 'A' ? SipMethod.Ack : SipMethod.Bye,
            4 => SipMethod.Info,
            5 => name[0] == 'P' ? SipMethod.Prack : SipMethod.Refer,
            6 => name[0] switch { (byte)'I' => SipMethod.Invite, (byte)'C' => SipMethod.Cancel, (byte)'N' => SipMethod.Notify, _ => SipMethod.Update },
            7 => name[0] switch { (byte)'O' => SipMethod.Options, (byte)'P' => SipMethod.Publish, _ => SipMethod.Message },
            8 => SipMethod.Register,
            9 => SipMethod.Subscribe,
            _ => SipMethod.Unknown,
        };
        return name.SequenceEqual(candidate.Name) ? candidate : SipMethod.Unknown;
    }
}
