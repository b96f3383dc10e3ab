using System.Net;
using System.Security.Cryptography.X509Certificates;
using Parley.Core;
using Parley.Server.Configuration;
using Parley.Server.Tls;

namespace Parley.Server.Tests.Tls;

/// <summary>Where the server's certificate comes from, and what is said of one that cannot be used.</summary>
public sealed class ServerCertificatesTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly RecordingLogger _log = new();
    private readonly List<ServerCertificates> _opened = [];

    public void Dispose()
    {
        foreach (ServerCertificates certificates in _opened) certificates.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Without_one_a_self_signed_one_is_made_once()
    {
        X509Certificate2 first = Open(new TlsOptions()).Current.TargetCertificate;
        X509Certificate2 second = Open(new TlsOptions()).Current.TargetCertificate;

        Assert.Equal(first.Thumbprint, second.Thumbprint);
        Assert.True(first.HasPrivateKey);
        Assert.Single(_log.Lines, line => line.Contains("self-signed", StringComparison.Ordinal));
        X509SubjectAlternativeNameExtension names = first.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Contains("example.com", names.EnumerateDnsNames());
        Assert.Equal([IPAddress.Loopback, IPAddress.Parse("192.0.2.7")], names.EnumerateIPAddresses());
        Assert.Contains("sip:example.com", System.Text.Encoding.Latin1.GetString(names.RawData), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File(SelfSignedCertificate.KeyName)));
    }

    [Fact]
    public void A_new_domain_and_the_end_of_its_time_make_a_new_one()
    {
        string first = Open(new TlsOptions()).Current.TargetCertificate.Thumbprint;
        string second = Open(new TlsOptions(), "example.com", "example.org").Current.TargetCertificate.Thumbprint;
        Assert.NotEqual(first, second);

        TestCertificate.Write(TestCertificate.Make("example.com", names => names.AddDnsName("example.com"), validDays: 10), _folder.File(SelfSignedCertificate.CertificateName), _folder.File(SelfSignedCertificate.KeyName));
        Assert.True(Open(new TlsOptions()).Current.TargetCertificate.NotAfter > TimeProvider.System.GetUtcNow().AddDays(300).LocalDateTime);
    }

    [Fact]
    public void Pem_files_and_pkcs12_files_are_read()
    {
        using X509Certificate2 certificate = TestCertificate.Make("example.com");
        TestCertificate.Write(certificate, _folder.File("c.pem"), _folder.File("k.pem"));
        File.WriteAllText(_folder.File("both.pem"), TestCertificate.KeyPem(certificate) + "\n" + certificate.ExportCertificatePem());
        File.WriteAllBytes(_folder.File("c.pfx"), certificate.Export(X509ContentType.Pkcs12));

        foreach (TlsOptions options in new[] { Options("c.pem", "k.pem"), Options("both.pem"), Options("c.pfx") })
        {
            X509Certificate2 read = Open(options).Current.TargetCertificate;
            Assert.Equal(certificate.Thumbprint, read.Thumbprint);
            Assert.True(read.HasPrivateKey);
        }
    }

    [Fact]
    public void What_cannot_be_used_is_told_with_its_key_and_file()
    {
        using X509Certificate2 certificate = TestCertificate.Make("example.com"), other = TestCertificate.Make("example.org");
        TestCertificate.Write(certificate, _folder.File("c.pem"), _folder.File("k.pem"));
        File.WriteAllText(_folder.File("other.pem"), TestCertificate.KeyPem(other));
        File.WriteAllText(_folder.File("junk"), "junk");

        AssertProblem(Options("none.pem", "k.pem"), "tls.certificate", "none.pem", "there is no such file");
        AssertProblem(Options("c.pem", "none.pem"), "tls.key", "none.pem", "there is no such file");
        AssertProblem(Options("c.pem"), "tls.certificate", "c.pem", "there is no private key in it");
        AssertProblem(Options("c.pem", "c.pem"), "tls.key", "c.pem", "there is no private key in it");
        AssertProblem(Options("c.pem", "other.pem"), "tls.key", "other.pem", $"its private key is not the one of the first certificate in {_folder.File("c.pem")}");
        AssertProblem(Options("k.pem"), "tls.certificate", "k.pem", "there is no certificate in it");
        AssertProblem(Options("junk"), "tls.certificate", "junk", "it is neither a PEM file nor a PKCS#12 file without a password");
    }

    [Fact]
    public void An_expired_one_is_used_with_a_warning()
    {
        TestCertificate.Write(TestCertificate.Make("example.com", validDays: -1), _folder.File("c.pem"), _folder.File("k.pem"));

        Open(Options("c.pem", "k.pem"));

        Assert.Contains(_log.Lines, line => line.StartsWith("Warning: ", StringComparison.Ordinal) && line.Contains("has expired", StringComparison.Ordinal));
    }

    [Fact]
    public void Changed_files_are_taken_when_they_are_whole()
    {
        using X509Certificate2 first = TestCertificate.Make("example.com"), second = TestCertificate.Make("example.com");
        TestCertificate.Write(first, _folder.File("c.pem"), _folder.File("k.pem"));
        ServerCertificates certificates = Open(Options("c.pem", "k.pem"), new TestTime());

        File.WriteAllText(_folder.File("c.pem"), second.ExportCertificatePem());
        Look(certificates);
        Assert.Equal(first.Thumbprint, certificates.Current.TargetCertificate.Thumbprint);
        Assert.Contains(_log.Lines, line => line.Contains("not taken: \"tls.key\"", StringComparison.Ordinal));

        TestCertificate.Write(second, _folder.File("c.pem"), _folder.File("k.pem"));
        Look(certificates);
        Assert.Equal(second.Thumbprint, certificates.Current.TargetCertificate.Thumbprint);

        File.Delete(_folder.File("c.pem"));
        Look(certificates);
        Assert.Equal(second.Thumbprint, certificates.Current.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Failures_are_counted_and_logged_now_and_then()
    {
        var time = new SteppedTime();
        var failures = new TlsFailures(time, _log);
        for (int i = 0; i < 100; i++) failures.OnAccepted(default, "no reason");
        Assert.Single(_log.Lines);
        time.Elapsed = TimeSpan.FromSeconds(11);
        failures.OnAccepted(default, "no reason");
        Assert.Equal(101, failures.Count);
        Assert.Contains("(99 more", _log.Lines.Last(), StringComparison.Ordinal);
    }

    private static void Look(ServerCertificates certificates)
    {
        certificates.Look();    // sees the change
        certificates.Look();    // sees that it is over
    }

    private void AssertProblem(TlsOptions options, string key, string file, string reason)
    {
        CertificateException problem = Assert.Throws<CertificateException>(() => Open(options));
        Assert.Equal($"\"{key}\" is \"{_folder.File(file)}\": {reason}", problem.Message);
    }

    private TlsOptions Options(string certificate, string? key = null) =>
        new() { Certificate = _folder.File(certificate), Key = key is null ? null : _folder.File(key) };

    private ServerCertificates Open(TlsOptions options, params string[] domains) => Open(options, TimeProvider.System, domains);

    private ServerCertificates Open(TlsOptions options, TimeProvider time, params string[] domains)
    {
        var configuration = new ParleyConfiguration
        {
            Tls = options,
            DataFolder = _folder.Path,
            Listen = [new ListenUri(ListenTransport.Tls, NetworkAddress.FromIPv4(0xC0000207, 5061))],
            Domains = [.. (domains.Length > 0 ? domains : ["example.com"]).Select(name => new DomainOptions(name))],
        };
        var certificates = ServerCertificates.Open(configuration, [IPAddress.Loopback], time, _log);
        _opened.Add(certificates);
        return certificates;
    }

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
