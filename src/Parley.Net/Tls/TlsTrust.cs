using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Net.Tls;

/// <summary>Whose certificates are believed: those that chain to the system's authorities or to others that are named.</summary>
/// <remarks>
/// Nothing is fetched from the network for it: certificates between the peer's and the authority's have to come from the peer, and
/// revocation is not asked for. Source: RFC 5280 6.
/// </remarks>
/// <param name="authorities">Certificates that are believed besides the system's.</param>
public sealed class TlsTrust(X509Certificate2Collection authorities)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";   // RFC 5280 4.2.1.12
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>The system's authorities alone.</summary>
    public static TlsTrust OfSystem { get; } = new([]);

    /// <summary>How a handshake builds its chain.</summary>
    public static X509ChainPolicy NewPolicy() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    /// <summary>Reads authorities from a PEM file.</summary>
    /// <exception cref="CryptographicException">It has no certificate.</exception>
    public static TlsTrust FromPemFile(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        if (certificates.Count == 0) throw new CryptographicException("there is no certificate in it");
        return new TlsTrust(certificates);
    }

    /// <summary>Says why a certificate is not believed. Its name is not looked at.</summary>
    /// <param name="certificate">The peer's.</param>
    /// <param name="chain">What the handshake built.</param>
    /// <param name="errors">What the handshake found.</param>
    /// <param name="isServer">True when the peer is the server.</param>
    /// <returns>Null when it is believed.</returns>
    public string? WhyNot(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors, bool isServer)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0) return null;
        if (authorities.Count == 0) return Describe(chain);
        using var other = new X509Chain { ChainPolicy = NewPolicy() };
        other.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        other.ChainPolicy.CustomTrustStore.AddRange(authorities);
        other.ChainPolicy.ApplicationPolicy.Add(new Oid(isServer ? ServerUse : ClientUse));
        if (chain is not null) other.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return other.Build(certificate) ? null : Describe(other);
    }

    private static string Describe(X509Chain? chain)
    {
        string[] problems = [.. (chain?.ChainStatus ?? []).Select(status => status.StatusInformation.Trim().TrimEnd('.')).Distinct()];
        return problems.Length > 0 ? string.Join("; ", problems) : "its chain cannot be verified";
    }
}
