using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Parley.Endpoint.Sip;
using Parley.Net.Tls;
using Parley.Server.Configuration;

namespace Parley.Server.Tls;

/// <summary>What a server has for TLS: its certificate, whom it believes, and what went wrong.</summary>
internal sealed class ServerTls : IDisposable
{
    private readonly ServerCertificates? _certificates;

    private ServerTls(ServerCertificates? certificates, TlsTrust trust, TlsFailures failures, TlsAcceptor? acceptor) =>
        (_certificates, Trust, Failures, Acceptor) = (certificates, trust, failures, acceptor);

    /// <summary>Whose certificates are believed.</summary>
    public TlsTrust Trust { get; }

    /// <summary>Handshakes that failed.</summary>
    public TlsFailures Failures { get; }

    /// <summary>Does the handshakes of listen points; null where none needs it.</summary>
    public TlsAcceptor? Acceptor { get; }

    /// <summary>How the server connects to others: it shows them its certificate when they ask, unless it made that itself, for they could not know it.</summary>
    public SipTlsOptions ForConnecting => new()
    {
        Trust = Trust,
        OwnCertificate = _certificates is { IsSelfSigned: false } certificates ? () => certificates.Current : null,
        OnNotConnected = Failures.OnConnecting,
    };

    /// <summary>Reads what the configuration names. The certificate is read, or made, where the server listens with TLS or one is configured.</summary>
    /// <exception cref="CertificateException">A file cannot be used.</exception>
    /// <exception cref="IOException">The data folder cannot be written.</exception>
    public static ServerTls Open(ParleyConfiguration configuration, IReadOnlyList<IPAddress> addresses, TimeProvider time, ILogger logger)
    {
        if (configuration.Tls is { Key: { } key, Certificate: null }) throw new CertificateException("tls.key", key, "it needs \"tls.certificate\" beside it");
        TlsTrust trust = ReadTrust(configuration.Tls.Authorities);
        var failures = new TlsFailures(time, logger);
        bool isNeeded = configuration.Tls.Certificate is not null || configuration.Listen.Any(uri => uri.Transport.IsSecure());
        ServerCertificates? certificates = isNeeded ? ServerCertificates.Open(configuration, addresses, time, logger) : null;
        TlsAcceptor? acceptor = certificates is null ? null : new TlsAcceptor(certificates, trust, configuration.Tls.ClientCertificates, failures, time);
        return new ServerTls(certificates, trust, failures, acceptor);
    }

    /// <inheritdoc/>
    public void Dispose() => _certificates?.Dispose();

    private static TlsTrust ReadTrust(string? path)
    {
        if (path is null) return TlsTrust.OfSystem;
        try
        {
            return TlsTrust.FromPemFile(path);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateException("tls.authorities", path, "there is no such file", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CertificateException("tls.authorities", path, problem.Message, problem);
        }
    }
}
