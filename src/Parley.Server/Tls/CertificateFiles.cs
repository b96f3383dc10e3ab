using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Parley.Server.Tls;

/// <summary>The files of a certificate: a PEM file with the chain and one with the key, one PEM file with both, or a PKCS#12 file.</summary>
/// <param name="CertificatePath">The certificate, with those between it and the authority.</param>
/// <param name="KeyPath">The key; null when it is in the same file.</param>
internal sealed record CertificateFiles(string CertificatePath, string? KeyPath)
{
    private const string CertificateKey = "tls.certificate";
    private const string KeyKey = "tls.key";

    /// <summary>All that the files hold now, to see whether they have changed; empty where one cannot be read.</summary>
    public byte[] ReadBytes()
    {
        try
        {
            byte[] certificate = File.ReadAllBytes(CertificatePath);
            return KeyPath is null ? certificate : [.. certificate, .. File.ReadAllBytes(KeyPath)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Reads the certificate with its key.</summary>
    /// <exception cref="CertificateException">It cannot be used.</exception>
    public SslStreamCertificateContext Read()
    {
        byte[] bytes = Read(CertificateKey, CertificatePath);
        string text = Encoding.Latin1.GetString(bytes);
        return text.Contains("-----BEGIN ", StringComparison.Ordinal) ? ReadPem(text) : ReadPkcs12(bytes);
    }

    private SslStreamCertificateContext ReadPem(string text)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(text);
        }
        catch (CryptographicException problem)
        {
            throw new CertificateException(CertificateKey, CertificatePath, problem.Message, problem);
        }

        if (chain.Count == 0) throw new CertificateException(CertificateKey, CertificatePath, "there is no certificate in it");
        string key = KeyPath is null ? text : Encoding.Latin1.GetString(Read(KeyKey, KeyPath));
        (string keyName, string keyPath) = KeyPath is null ? (CertificateKey, CertificatePath) : (KeyKey, KeyPath);
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal)) throw new CertificateException(keyName, keyPath, "its private key is encrypted; store it without a passphrase");
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal)) throw new CertificateException(keyName, keyPath, "there is no private key in it");
        try
        {
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(text, key), chain, offline: true);
        }
        catch (Exception problem) when (problem is CryptographicException or ArgumentException)
        {
            throw new CertificateException(keyName, keyPath, $"its private key is not the one of the first certificate in {CertificatePath}", problem);
        }
    }

    private SslStreamCertificateContext ReadPkcs12(byte[] bytes)
    {
        if (KeyPath is not null) throw new CertificateException(CertificateKey, CertificatePath, "it is no PEM file; a PKCS#12 file brings its key, so leave out \"tls.key\"");
        try
        {
            X509Certificate2Collection all = X509CertificateLoader.LoadPkcs12Collection(bytes, password: null);
            X509Certificate2? own = all.FirstOrDefault(certificate => certificate.HasPrivateKey);
            return own is null
                ? throw new CertificateException(CertificateKey, CertificatePath, "there is no private key in it")
                : SslStreamCertificateContext.Create(own, all, offline: true);
        }
        catch (CryptographicException problem)
        {
            throw new CertificateException(CertificateKey, CertificatePath, "it is neither a PEM file nor a PKCS#12 file without a password", problem);
        }
    }

    private static byte[] Read(string key, string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateException(key, path, "there is no such file", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CertificateException(key, path, $"it cannot be read: {problem.Message}", problem);
        }
    }
}
