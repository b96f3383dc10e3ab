using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Server.Tls;

/// <summary>The certificate of a server that was given none: made at the first start, kept in the data folder and used again.</summary>
/// <remarks>
/// ECDSA over P-256. It names the domains as SIP URIs and DNS names (RFC 5922 7.1), the machine, and the addresses that it has, listens on and advertises. A new one takes its place at a
/// start when it is about to expire or lacks a domain; addresses that have changed do not make a new one, for people may have come to trust this one.
/// </remarks>
internal static class SelfSignedCertificate
{
    /// <summary>The name of the certificate's file in the data folder.</summary>
    public const string CertificateName = "tls-certificate.pem";

    /// <summary>The name of the key's file, which only its owner can read.</summary>
    public const string KeyName = "tls-key.pem";

    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const string SipDomainUse = "1.3.6.1.5.5.7.3.20";       // RFC 5924

    private static readonly TimeSpan Validity = TimeSpan.FromDays(825);     // more is not accepted by all programs
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(30);

    /// <summary>The files of the certificate; makes them where there are none that will do.</summary>
    /// <param name="dataFolder">The data folder.</param>
    /// <param name="domains">The server's domains: host names or addresses.</param>
    /// <param name="machineNames">Names of the machine.</param>
    /// <param name="addresses">The machine's addresses.</param>
    /// <param name="now">The time.</param>
    /// <param name="isNew">True when they were made.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">There are no rights to the folder.</exception>
    public static CertificateFiles Open(
        string dataFolder, IReadOnlyList<string> domains, IReadOnlyList<string> machineNames, IReadOnlyList<IPAddress> addresses, DateTimeOffset now, out bool isNew)
    {
        var files = new CertificateFiles(Path.Combine(dataFolder, CertificateName), Path.Combine(dataFolder, KeyName));
        isNew = !WillDo(files, domains, now);
        if (!isNew) return files;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Make(key, domains, machineNames, addresses, now);
        Write(files.KeyPath!, key.ExportPkcs8PrivateKeyPem(), isSecret: true);
        Write(files.CertificatePath, certificate.ExportCertificatePem(), isSecret: false);
        return files;
    }

    private static bool WillDo(CertificateFiles files, IReadOnlyList<string> domains, DateTimeOffset now)
    {
        try
        {
            X509Certificate2 certificate = files.Read().TargetCertificate;
            if (certificate.NotAfter.ToUniversalTime() < (now + Renewal).UtcDateTime) return false;
            X509SubjectAlternativeNameExtension? names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
            if (names is null) return false;
            var named = names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())).ToHashSet(StringComparer.OrdinalIgnoreCase);
            return domains.All(domain => named.Contains(domain.Trim('[', ']')));
        }
        catch (CertificateException)
        {
            return false;
        }
    }

    private static X509Certificate2 Make(ECDsa key, IReadOnlyList<string> domains, IReadOnlyList<string> machineNames, IReadOnlyList<IPAddress> addresses, DateTimeOffset now)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(domains[0].Length <= 64 ? domains[0] : "parley");       // RFC 5280 A.1: ub-common-name
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        var hosts = new HashSet<IPAddress>(addresses.Select(WithoutScope));
        foreach (string domain in domains)
        {
            names.AddUri(new Uri($"sip:{domain}"));
            if (IPAddress.TryParse(domain.Trim('[', ']'), out IPAddress? address)) hosts.Add(address);
        }

        foreach (string name in domains.Concat(machineNames).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (Uri.CheckHostName(name) == UriHostNameType.Dns) names.AddDnsName(name);
        }

        foreach (IPAddress address in hosts) names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse), new Oid(SipDomainUse)], critical: false));
        return request.CreateSelfSigned(now.AddDays(-1), now + Validity);       // clocks differ
    }

    private static IPAddress WithoutScope(IPAddress address) => new(address.GetAddressBytes());

    private static void Write(string path, string text, bool isSecret)
    {
        string temporary = path + ".new";
        File.Delete(temporary);     // its mode is set only when it is made
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (isSecret && !OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
