namespace Parley.Server.Tls;

/// <summary>A certificate, its key or a file of authorities cannot be used; the message names the key of the configuration, the file and why.</summary>
public sealed class CertificateException : Exception
{
    internal CertificateException(string key, string path, string reason, Exception? cause = null)
        : base($"\"{key}\" is \"{path}\": {reason.TrimEnd('.')}", cause)
    {
    }
}
