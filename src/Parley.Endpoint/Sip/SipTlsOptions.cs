using System.Net.Security;
using Parley.Core;
using Parley.Net.Tls;

namespace Parley.Endpoint.Sip;

/// <summary>How an endpoint makes TLS connections.</summary>
public sealed record SipTlsOptions
{
    /// <summary>Whose certificates are believed.</summary>
    public TlsTrust Trust { get; init; } = TlsTrust.OfSystem;

    /// <summary>Gives the certificate that is shown to a server which asks for one; null for none.</summary>
    public Func<SslStreamCertificateContext?>? OwnCertificate { get; init; }

    /// <summary>Hears why a connection did not come about: where to, for which host, and the reason. Called on any thread.</summary>
    public Action<NetworkAddress, string, string>? OnNotConnected { get; init; }
}
