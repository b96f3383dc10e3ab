using System.Collections.Immutable;
using System.Text;
using Parley.Server.Rules;
using Parley.Sip.Messages;

namespace Parley.Server.Configuration;

/// <summary>A domain that this server is responsible for.</summary>
public sealed record DomainOptions
{
    /// <summary>A domain with a role.</summary>
    /// <param name="name">A host name or IP address as it stands in SIP URIs, in lower case.</param>
    /// <param name="role">What the server does with requests for its users.</param>
    public DomainOptions(string name, DomainRole role = DomainRole.Proxy)
    {
        Name = name;
        Role = role;
        NameUtf8 = [.. Encoding.UTF8.GetBytes(name)];
    }

    /// <summary>A host name or IP address as it stands in SIP URIs, in lower case.</summary>
    public string Name { get; }

    /// <summary><see cref="Name"/> as it is compared with what came from the wire.</summary>
    internal ImmutableArray<byte> NameUtf8 { get; }

    /// <summary>What the server does with requests for its users; <see cref="DomainRole.Proxy"/> unless it says otherwise.</summary>
    public DomainRole Role { get; }

    /// <summary>For <see cref="DomainRole.Edge"/>: where the domain's registrar and proxy is. Null for the other roles.</summary>
    public SipUri? Registrar
    {
        get;
        init
        {
            field = value;
            RegistrarRoute = value is null ? [] : [.. Encoding.UTF8.GetBytes($"<{(value.IsLooseRouter ? value : value.With("lr"))}>")];
        }
    }

    /// <summary><see cref="Registrar"/> as the value of a Route; empty for none.</summary>
    internal ImmutableArray<byte> RegistrarRoute { get; private init; } = [];

    /// <summary>The way that phones are told to send their requests by: the proxies that serve the domain's users, the first hop first. For <see cref="DomainRole.Edge"/>: the proxies, besides <see cref="Registrar"/>, that phones may send them by.</summary>
    /// <value>SIP URIs; those without <c>lr</c> are taken for loose routers all the same. Empty tells phones nothing.</value>
    /// <remarks>Source: RFC 3608.</remarks>
    public ImmutableArray<SipUri> ServiceRoute
    {
        get;
        init
        {
            field = value;
            string routes = string.Join(", ", value.Select(uri => $"<{(uri.IsLooseRouter ? uri : uri.With("lr"))}>"));
            ServiceRouteRow = value.IsEmpty ? [] : [.. Encoding.UTF8.GetBytes($"Service-Route: {routes}\r\n")];
        }
    } = [];

    /// <summary><see cref="ServiceRoute"/> as a row of an answer; empty for none.</summary>
    internal ImmutableArray<byte> ServiceRouteRow { get; private init; } = [];

    /// <summary>What is set for calls to and from its users.</summary>
    public DomainRules Rules { get; init; } = DomainRules.None;

    /// <summary>The rules as they were written, by which a reload sees that they changed.</summary>
    internal string RulesText { get; init; } = "";

    /// <summary>True when a host is this domain: letter case does not count (RFC 3261 19.1.4), nor does a dot at the end.</summary>
    public bool IsNamed(ReadOnlySpan<byte> host)
    {
        if (host is [.. var labels, (byte)'.']) host = labels;
        return Ascii.EqualsIgnoreCase(host, NameUtf8.AsSpan());
    }

    /// <inheritdoc/>
    public bool Equals(DomainOptions? other) => other is not null && Name == other.Name && Role == other.Role && Registrar == other.Registrar && ServiceRouteRow.AsSpan().SequenceEqual(other.ServiceRouteRow.AsSpan()) && RulesText == other.RulesText;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Role);
}

/// <summary>What the server does with a request for a user of a domain.</summary>
public enum DomainRole
{
    /// <summary>Forwards it to the user's contacts (RFC 3261 16).</summary>
    Proxy,

    /// <summary>Answers 302 with the user's contacts (RFC 3261 8.3).</summary>
    Redirect,

    /// <summary>Passes everything on to the domain's registrar and proxy, which reaches the phones back through here (RFC 3327, RFC 5626 5).</summary>
    Edge,
}
