using System.Net;
using System.Net.Security;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;

namespace Parley.Server.Tls;

/// <summary>The certificate that the server shows, read anew when its files change: the next handshake has the new one, connections stay as they are.</summary>
/// <remarks>
/// The files are looked at, not watched by the system, and are read when two looks find them the same: they are replaced one after the
/// other. What cannot be used then changes nothing, and the log says why.
/// </remarks>
internal sealed class ServerCertificates : IDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _looking = new();
    private readonly CertificateFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private byte[] _seen;
    private bool _isChanging;
    private SslStreamCertificateContext _current;

    private ServerCertificates(CertificateFiles files, bool isSelfSigned, TimeProvider time, ILogger logger)
    {
        (_files, IsSelfSigned, _time, _logger) = (files, isSelfSigned, time, logger);
        _seen = files.ReadBytes();
        _current = files.Read();
        WarnOfDates();
        _timer = time.CreateTimer(_ => Look(), null, LookInterval, LookInterval);
    }

    /// <summary>The certificate, its key and the certificates between it and its authority.</summary>
    public SslStreamCertificateContext Current => Volatile.Read(ref _current);

    /// <summary>True for the one that the server made itself.</summary>
    public bool IsSelfSigned { get; }

    /// <summary>Reads the certificate that is configured, or the one of the data folder, which is made when there is none.</summary>
    /// <param name="configuration">What is configured.</param>
    /// <param name="addresses">The machine's addresses.</param>
    /// <param name="time">When to look, and when certificates are valid.</param>
    /// <param name="logger">Gets what was made, taken and refused.</param>
    /// <exception cref="CertificateException">It cannot be used.</exception>
    /// <exception cref="IOException">The data folder cannot be written.</exception>
    public static ServerCertificates Open(ParleyConfiguration configuration, IReadOnlyList<IPAddress> addresses, TimeProvider time, ILogger logger)
    {
        if (configuration.Tls.Certificate is { } path) return new ServerCertificates(new CertificateFiles(path, configuration.Tls.Key), isSelfSigned: false, time, logger);
        string[] domains = [.. configuration.Domains.Select(domain => domain.Name)];
        IPAddress[] hosts = [.. addresses, .. configuration.Listen.Where(uri => !uri.Address.IsAny).Select(uri => uri.Address.ToIPAddress())];
        if (IPAddress.TryParse(configuration.Advertise?.Trim('[', ']'), out IPAddress? advertised)) hosts = [.. hosts, advertised];
        string[] machine = configuration.Advertise is { } name ? [Environment.MachineName, name] : [Environment.MachineName];
        CertificateFiles files = SelfSignedCertificate.Open(configuration.DataFolder, domains, machine, hosts, time.GetUtcNow(), out bool isNew);
        if (isNew) Log.CertificateMade(logger, files.CertificatePath);
        return new ServerCertificates(files, isSelfSigned: true, time, logger);
    }

    /// <summary>Looks at the files now.</summary>
    public void Look()
    {
        lock (_looking)
        {
            byte[] now = _files.ReadBytes();
            bool isSame = now.AsSpan().SequenceEqual(_seen);
            _seen = now;
            if (isSame && _isChanging) Take();
            _isChanging = !isSame;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Take()
    {
        try
        {
            Volatile.Write(ref _current, _files.Read());
            Log.CertificateTaken(_logger, Current.TargetCertificate.Subject, Current.TargetCertificate.NotAfter.ToUniversalTime());
            WarnOfDates();
        }
        catch (CertificateException problem)
        {
            Log.CertificateRefused(_logger, problem.Message);
        }
    }

    private void WarnOfDates()
    {
        DateTime now = _time.GetUtcNow().UtcDateTime, from = Current.TargetCertificate.NotBefore.ToUniversalTime(), until = Current.TargetCertificate.NotAfter.ToUniversalTime();
        if (now < from) Log.CertificateNotYetValid(_logger, _files.CertificatePath, from);
        if (now > until) Log.CertificateExpired(_logger, _files.CertificatePath, until);
    }
}
