using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parley.Endpoint.Sip;

/// <summary>The SIP domains that a certificate is for, and whether one that is wanted is among them.</summary>
/// <remarks>
/// The names are, in this order: the <c>sip:</c> URIs without a user of its subjectAltName; only without those its DNS names; only without a
/// subjectAltName at all its common name. They are compared whole and in any letter case: a wildcard matches nothing. A host that is an address
/// is compared with the URIs and with the subjectAltName's addresses. Source: RFC 5922 7.1 and 7.2.
/// </remarks>
public static class SipPeerName
{
    private const string SubjectAlternativeName = "2.5.29.17";
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string AnyUse = "2.5.29.37.0";
    private const int MaxHosts = 16;

    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 7);

    /// <summary>Says why a certificate is not for a host.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="host">A domain, or an address (IPv6 in brackets or not).</param>
    /// <returns>Null when it is.</returns>
    public static string? WhyNot(X509Certificate2 certificate, string host)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(host);
        IReadOnlyList<string> names = NamesOf(certificate);
        if (names.Contains(Plain(host), StringComparer.OrdinalIgnoreCase)) return null;
        return names.Count == 0 ? "its certificate names no SIP domain" : $"its certificate is for {string.Join(", ", names.Take(10))} and not for {host}";
    }

    /// <summary>The domains and addresses that a certificate is for.</summary>
    public static IReadOnlyList<string> NamesOf(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        X509Extension? extension = certificate.Extensions[SubjectAlternativeName];
        if (extension is null)
        {
            string common = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            return System.Uri.CheckHostName(common) == UriHostNameType.Dns ? [common] : [];
        }

        List<string> uris = [], names = [], addresses = [];
        try
        {
            AsnReader all = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (all.HasData)
            {
                Asn1Tag tag = all.PeekTag();
                if (tag.HasSameClassAndValue(Uri)) AddUri(uris, all.ReadCharacterString(UniversalTagNumber.IA5String, Uri));
                else if (tag.HasSameClassAndValue(DnsName)) names.Add(all.ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
                else if (tag.HasSameClassAndValue(Address)) AddAddress(addresses, all.ReadOctetString(Address));
                else all.ReadEncodedValue();
            }
        }
        catch (Exception problem) when (problem is AsnContentException or CryptographicException)
        {
            return [];
        }

        return [.. uris.Count > 0 ? uris : names, .. addresses];
    }

    /// <summary>The hosts that requests may be sent to over a connection which the certificate's owner has opened.</summary>
    /// <returns>In lower case, at most 16; none for a certificate that is not for servers: nobody would connect to its owner either (RFC 5923 9, RFC 5280 4.2.1.12).</returns>
    public static IReadOnlyList<string> HostsServedBy(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return IsForServers(certificate) ? [.. NamesOf(certificate).Take(MaxHosts).Select(SipFlow.HostKey)] : [];
    }

    private static bool IsForServers(X509Certificate2 certificate)
    {
        bool isLimited = false;
        foreach (X509EnhancedKeyUsageExtension extension in certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>())
        {
            isLimited = true;
            if (extension.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value is ServerUse or AnyUse)) return true;
        }

        return !isLimited;
    }

    private static void AddUri(List<string> hosts, string uri)
    {
        const string Scheme = "sip:";
        if (!uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || uri.Contains('@', StringComparison.Ordinal)) return;
        string host = uri[Scheme.Length..];
        int bracket = host.IndexOf(']', StringComparison.Ordinal);
        int end = host.AsSpan(bracket + 1).IndexOfAny(":;?");
        hosts.Add(Plain(end < 0 ? host : host[..(bracket + 1 + end)]));
    }

    private static void AddAddress(List<string> addresses, byte[] bytes)
    {
        if (bytes.Length is 4 or 16) addresses.Add(new IPAddress(bytes).ToString());
    }

    /// <summary>Addresses in the form that all of them are compared in; a domain without the dot that may end it.</summary>
    private static string Plain(string host)
    {
        string bare = host.Trim('[', ']');
        return bare.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(bare, out IPAddress? address) ? address.ToString() : bare.TrimEnd('.');
    }
}
