using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Server.Tests.Tls;

/// <summary>Certificates for tests: self-signed ones, and those of an authority.</summary>
internal static class TestCertificate
{
    public static X509Certificate2 Make(string commonName, Action<SubjectAlternativeNameBuilder>? names = null, X509Certificate2? issuer = null, int validDays = 30, bool isAuthority = false, string? use = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        if (use is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: false));
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow(), until = now.AddDays(validDays);
        if (issuer is null) return request.CreateSelfSigned(until.AddDays(-60), until);
        using X509Certificate2 issued = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    public static void Write(X509Certificate2 certificate, string path, string keyPath)
    {
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, KeyPem(certificate));
    }

    public static string KeyPem(X509Certificate2 certificate)
    {
        using ECDsa key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }
}
