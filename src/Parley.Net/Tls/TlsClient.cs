using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Parley.Core;
using Parley.Net.Streams;

namespace Parley.Net.Tls;

/// <summary>How a TLS connection is made, and what is asked of the server's certificate.</summary>
/// <param name="ServerName">Sent to the server where it is a host name (RFC 6066 3).</param>
/// <param name="Trust">Whose certificates are believed.</param>
/// <param name="CheckName">Says why a certificate that is believed is not the wanted server's; null when it is.</param>
/// <param name="Own">What is shown to a server that asks for a certificate; null for nothing.</param>
public sealed record TlsClientOptions(string ServerName, TlsTrust Trust, Func<X509Certificate2, string?> CheckName, SslStreamCertificateContext? Own);

/// <summary>Makes TLS connections over the platform's sockets.</summary>
public static class TlsClient
{
    /// <summary>Connects and does the handshake.</summary>
    /// <param name="remote">Where to.</param>
    /// <param name="options">What is asked of the server.</param>
    /// <param name="time">For the time that closing may take.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="TlsException">There is no connection; the message says why.</exception>
    /// <exception cref="OperationCanceledException">The attempt was ended.</exception>
    public static async Task<DialledStream> ConnectAsync(NetworkAddress remote, TlsClientOptions options, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? stream = null;
        string? refusal = null;
        try
        {
            await socket.ConnectAsync(remote.ToIPEndPoint(), cancellation).ConfigureAwait(false);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = options.ServerName,
                    EnabledSslProtocols = TlsPipe.Versions,
                    ClientCertificateContext = options.Own,
                    CertificateChainPolicy = TlsTrust.NewPolicy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (refusal = WhyNot(certificate, chain, errors, options)) is null,
                },
                cancellation).ConfigureAwait(false);
            var pipe = new TlsPipe(stream, time);
            return new DialledStream(pipe, NetworkAddress.From((System.Net.IPEndPoint)socket.LocalEndPoint!), pipe);
        }
        catch (Exception problem)
        {
            if (stream is not null) await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            if (problem is SocketException or IOException or AuthenticationException or ObjectDisposedException)
                throw new TlsException(refusal ?? problem.InnerException?.Message ?? problem.Message, problem);
            throw;
        }
    }

    private static string? WhyNot(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, TlsClientOptions options)
    {
        if (certificate is not X509Certificate2 presented) return "the server has no certificate";
        return options.Trust.WhyNot(presented, chain, errors, isServer: true) is { } why ? $"its certificate is not trusted: {why}" : options.CheckName(presented);
    }
}

/// <summary>A TLS connection could not be made.</summary>
public sealed class TlsException : Exception
{
    internal TlsException(string reason, Exception cause)
        : base(reason, cause)
    {
    }
}
