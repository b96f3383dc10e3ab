using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A transport as Via headers and URI parameters name it.</summary>
/// <remarks>Source: RFC 3261 25.1 (UDP, TCP, TLS, SCTP), RFC 4168 (TLS-SCTP), RFC 7118 (WS, WSS).</remarks>
public enum SipTransport : byte
{
    /// <summary>None is named, or one that is not in this list.</summary>
    Unknown,

    /// <summary>Datagrams.</summary>
    Udp,

    /// <summary>A stream.</summary>
    Tcp,

    /// <summary>A stream in TLS.</summary>
    Tls,

    /// <summary>SCTP.</summary>
    Sctp,

    /// <summary>SCTP in TLS.</summary>
    TlsSctp,

    /// <summary>WebSocket.</summary>
    Ws,

    /// <summary>WebSocket in TLS.</summary>
    Wss,
}

/// <summary>Names of transports on the wire.</summary>
public static class SipTransports
{
    extension(SipTransport transport)
    {
        /// <summary>The name in a Via header (<c>UDP</c>); empty for <see cref="SipTransport.Unknown"/>.</summary>
        public ReadOnlySpan<byte> ViaName => transport switch
        {
            SipTransport.Udp => "UDP"u8,
            SipTransport.Tcp => "TCP"u8,
            SipTransport.Tls => "TLS"u8,
            SipTransport.Sctp => "SCTP"u8,
            SipTransport.TlsSctp => "TLS-SCTP"u8,
            SipTransport.Ws => "WS"u8,
            SipTransport.Wss => "WSS"u8,
            _ => default,
        };

        /// <summary>The value of a URI's transport parameter (<c>udp</c>); empty for <see cref="SipTransport.Unknown"/>.</summary>
        public ReadOnlySpan<byte> ParameterName => transport switch
        {
            SipTransport.Udp => "udp"u8,
            SipTransport.Tcp => "tcp"u8,
            SipTransport.Tls => "tls"u8,
            SipTransport.Sctp => "sctp"u8,
            SipTransport.TlsSctp => "tls-sctp"u8,
            SipTransport.Ws => "ws"u8,
            SipTransport.Wss => "wss"u8,
            _ => default,
        };

        /// <summary>True where each message comes whole and may be lost, false for streams.</summary>
        public bool IsUnreliable => transport is SipTransport.Udp;

        /// <summary>True where a message travels in TLS.</summary>
        public bool IsSecure => transport is SipTransport.Tls or SipTransport.TlsSctp or SipTransport.Wss;
    }

    /// <summary>The transport of a name, in any case.</summary>
    /// <returns><see cref="SipTransport.Unknown"/> for any other token.</returns>
    public static SipTransport Parse(ReadOnlySpan<byte> name)
    {
        SipTransport candidate = name.Length switch
        {
            2 => SipTransport.Ws,
            3 => (name[0] | 0x20, name[1] | 0x20) switch
            {
                ('u', _) => SipTransport.Udp,
                ('t', 'c') => SipTransport.Tcp,
                ('t', _) => SipTransport.Tls,
                _ => SipTransport.Wss,
            },
            4 => SipTransport.Sctp,
            8 => SipTransport.TlsSctp,
            _ => SipTransport.Unknown,
        };
        return Ascii.EqualsIgnoreCase(name, candidate.ViaName) ? candidate : SipTransport.Unknown;
    }
}
