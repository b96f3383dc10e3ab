namespace Parley.Server.Configuration;

/// <summary>How TLS is spoken.</summary>
public sealed record TlsOptions
{
    /// <summary>The file of the server's certificate, with those between it and the authority: PEM, or PKCS#12 with the key.</summary>
    /// <value>Null makes a self-signed one and keeps it in the data folder.</value>
    public string? Certificate { get; init; }

    /// <summary>The PEM file of the certificate's private key; null when the key is in the certificate's file.</summary>
    public string? Key { get; init; }

    /// <summary>Whether those who connect are asked for a certificate.</summary>
    public ClientCertificates ClientCertificates { get; init; }

    /// <summary>A PEM file of authorities that are believed besides the system's; null for none.</summary>
    public string? Authorities { get; init; }
}

/// <summary>Whether those who connect are asked for a certificate (RFC 5922 7.4).</summary>
public enum ClientCertificates
{
    /// <summary>They are not asked.</summary>
    None,

    /// <summary>They may have one, which has to be good then.</summary>
    Optional,

    /// <summary>Who has none is refused.</summary>
    Required,
}
