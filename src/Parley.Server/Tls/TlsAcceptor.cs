using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Parley.Core;
using Parley.Net.Streams;
using Parley.Net.Tls;
using Parley.Server.Configuration;

namespace Parley.Server.Tls;

/// <summary>The server's side of a TLS handshake, limited in time and in number.</summary>
/// <remarks>A client's certificate has to be believed (RFC 5922 7.4); who it names is not looked at: users prove who they are by digest.</remarks>
internal sealed class TlsAcceptor(ServerCertificates certificates, TlsTrust trust, ClientCertificates clients, TlsFailures failures, TimeProvider time)
{
    private const int MaxHandshakes = 4096;

    private int _handshakes;

    /// <summary>How long a handshake may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The options of one handshake.</summary>
    /// <param name="refused">Told why a client's certificate is not accepted.</param>
    public SslServerAuthenticationOptions NewOptions(Action<string> refused) => new()
    {
        ServerCertificateContext = certificates.Current,
        ClientCertificateRequired = clients != ClientCertificates.None,
        EnabledSslProtocols = TlsPipe.Versions,
        AllowRenegotiation = false,
        CertificateChainPolicy = clients == ClientCertificates.None ? null : TlsTrust.NewPolicy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            string? why = WhyNot(certificate, chain, errors);
            if (why is not null) refused(why);
            return why is null;
        },
    };

    /// <summary>The options of one handshake that Kestrel does.</summary>
    /// <param name="remote">The other side.</param>
    public SslServerAuthenticationOptions NewOptions(EndPoint? remote) =>
        NewOptions(why => failures.OnAccepted(remote is IPEndPoint address ? NetworkAddress.From(address) : default, why));

    /// <summary>Does the handshake of a connection.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="remote">The other side.</param>
    /// <returns>Null when it failed.</returns>
    public async Task<TlsPipe?> AcceptAsync(IDuplexPipe transport, NetworkAddress remote)
    {
        if (Interlocked.Increment(ref _handshakes) > MaxHandshakes)
        {
            Interlocked.Decrement(ref _handshakes);
            failures.OnAccepted(remote, "too many handshakes are under way");
            return null;
        }

        string? refusal = null;
        var stream = new SslStream(new PipeStream(transport), leaveInnerStreamOpen: true);
        try
        {
            using var limit = new CancellationTokenSource(Timeout, time);
            await stream.AuthenticateAsServerAsync(NewOptions(why => refusal = why), limit.Token).ConfigureAwait(false);
            return new TlsPipe(stream, time);
        }
        catch (Exception problem)   // of the transport's, TLS's or cryptography's kind: the connection is of no use either way
        {
            failures.OnAccepted(remote, refusal ?? (problem is OperationCanceledException ? "the handshake took too long" : problem.InnerException?.Message ?? problem.Message));
            await stream.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }
    }

    private string? WhyNot(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 presented) return clients == ClientCertificates.Required ? "the client has no certificate" : null;
        return trust.WhyNot(presented, chain, errors, isServer: false) is { } why ? $"the client's certificate is not accepted: {why}" : null;
    }
}
