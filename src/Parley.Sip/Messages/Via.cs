using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A Via value of SIP/2.0. Immutable.</summary>
/// <remarks>Source: RFC 3261 20.42, RFC 3581.</remarks>
public sealed record Via
{
    private readonly string _transport = "";
    private readonly string _host = "";
    private readonly SipParameters _parameters = SipParameters.Empty;

    /// <summary>A value.</summary>
    /// <param name="transport">The transport: <c>UDP</c>.</param>
    /// <param name="host">A name, an IPv4 address, or an IPv6 address in brackets.</param>
    /// <param name="port">The port, 0 for none.</param>
    /// <exception cref="ArgumentException">The transport is no token or the host is none.</exception>
    public Via(string transport, string host, ushort port = 0)
    {
        Transport = transport;
        Host = host;
        Port = port;
    }

    /// <summary>The transport as it is written.</summary>
    public string Transport { get => _transport; init => _transport = SipText.Token(value, nameof(Transport)); }

    /// <summary>The host of sent-by.</summary>
    public string Host { get => _host; init => _host = SipText.Host(value, nameof(Host)); }

    /// <summary>The port of sent-by, 0 for none.</summary>
    public ushort Port { get; init; }

    /// <summary>The parameters.</summary>
    /// <exception cref="ArgumentException">A name is no token.</exception>
    public SipParameters Parameters { get => _parameters; init => _parameters = value.ForHeader(nameof(Parameters)); }

    /// <summary>The branch; null when there is none.</summary>
    public string? Branch => Parameters.Get("branch");

    /// <summary>The received parameter; null when there is none.</summary>
    public string? Received => Parameters.Get("received");

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is none, or of another protocol than SIP/2.0.</returns>
    public static bool TryParse(ReadOnlySpan<byte> value, [NotNullWhen(true)] out Via? via)
    {
        via = null;
        return ViaView.TryParse(Grammar.Trim(value), 0, out ViaView view) && TryFrom(view, out via);
    }

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is none, or of another protocol than SIP/2.0.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, [NotNullWhen(true)] out Via? via)
    {
        via = null;
        return value is not null && TryParse(Encoding.UTF8.GetBytes(value), out via);
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Via Parse(string value) => TryParse(value, out Via? via) ? via : throw new FormatException($"\"{value}\" is no Via value.");

    /// <summary>Makes an object of a view.</summary>
    /// <returns>False for another protocol than SIP/2.0.</returns>
    public static bool TryFrom(in ViaView view, [NotNullWhen(true)] out Via? via)
    {
        via = null;
        if (!view.IsSip2) return false;
        via = new Via(Encoding.ASCII.GetString(view.TransportBytes), Encoding.ASCII.GetString(view.Host), view.Port)
        {
            Parameters = SipParameters.From(view.Parameters),
        };
        return true;
    }

    /// <summary>This with a parameter set.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value has a CR or LF.</exception>
    public Via With(string name, string? value = null) => this with { Parameters = Parameters.With(name, value) };

    /// <summary>As it is written on the wire.</summary>
    public override string ToString()
    {
        var builder = new StringBuilder("SIP/2.0/").Append(Transport).Append(' ').Append(Host);
        if (Port != 0) builder.Append(':').Append(Port);
        Parameters.AppendTo(builder);
        return builder.ToString();
    }
}

/// <summary>A CSeq value.</summary>
/// <remarks>Source: RFC 3261 8.1.1.5 and 20.16.</remarks>
public readonly record struct CSeq
{
    /// <summary>A value.</summary>
    /// <param name="number">0 to 2^31 - 1.</param>
    /// <param name="method">The method as it is written.</param>
    /// <exception cref="ArgumentException">The number is too large, or the method is no token.</exception>
    public CSeq(uint number, string method)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, (uint)int.MaxValue);
        Number = number;
        Method = SipText.Token(method, nameof(method));
    }

    /// <summary>The sequence number.</summary>
    public uint Number { get; }

    /// <summary>The method as it is written.</summary>
    public string Method { get; }

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryParse([NotNullWhen(true)] string? value, out CSeq cseq)
    {
        cseq = default;
        if (value is null || !CSeqView.TryParse(Grammar.Trim(Encoding.UTF8.GetBytes(value)), out CSeqView view)) return false;
        cseq = new CSeq(view.Number, Encoding.ASCII.GetString(view.MethodBytes));
        return true;
    }

    /// <summary>As it is written on the wire.</summary>
    public override string ToString() => $"{Number} {Method}";
}
