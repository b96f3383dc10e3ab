using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Parley.Endpoint.Sip;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>Which SIP domains a certificate is for (RFC 5922 7.1 and 7.2).</summary>
public sealed class SipPeerNameTests
{
    [Theory]
    [InlineData("example.com", true)]
    [InlineData("EXAMPLE.com", true)]
    [InlineData("example.com.", true)]
    [InlineData("a.example.com", false)]
    [InlineData("example.co", false)]
    [InlineData("[2001:db8:0::1]", true)]
    [InlineData("192.0.2.1", true)]
    [InlineData("192.0.2.2", false)]
    public void Names_are_compared_whole_and_in_any_case(string host, bool isNamed)
    {
        using X509Certificate2 certificate = Make("other.example", names =>
        {
            names.AddDnsName("Example.com");
            names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
            names.AddIpAddress(IPAddress.Parse("2001:db8::1"));
        });
        Assert.Equal(isNamed, SipPeerName.WhyNot(certificate, host) is null);
    }

    [Theory]
    [InlineData("foo.example.com", false)]
    [InlineData("*.example.com", true)]
    public void A_wildcard_is_no_wildcard(string host, bool isNamed)
    {
        using X509Certificate2 certificate = Make("x", names => names.AddDnsName("*.example.com"));
        Assert.Equal(isNamed, SipPeerName.WhyNot(certificate, host) is null);
    }

    [Fact]
    public void A_SIP_URI_counts_before_DNS_names()
    {
        using X509Certificate2 certificate = Make("x", names =>
        {
            names.AddDnsName("dns.example");
            names.AddUri(new Uri("sip:uri.example"));
            names.AddUri(new Uri("SIP:port.example:5061;transport=tls"));
        });
        Assert.Equal(["uri.example", "port.example"], SipPeerName.NamesOf(certificate));
    }

    [Fact]
    public void URIs_of_users_and_of_other_schemes_do_not_count()
    {
        using X509Certificate2 certificate = Make("x", names =>
        {
            names.AddUri(new Uri("sip:alice@uri.example"));
            names.AddUri(new Uri("sips:secure.example"));
            names.AddUri(new Uri("https://web.example"));
            names.AddEmailAddress("alice@mail.example");
            names.AddDnsName("dns.example");
        });
        Assert.Equal(["dns.example"], SipPeerName.NamesOf(certificate));
    }

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("Example Ltd.", null)]
    public void The_common_name_counts_where_there_is_no_other_name(string common, string? name)
    {
        using X509Certificate2 certificate = Make(common, null);
        Assert.Equal(name is null ? [] : [name], SipPeerName.NamesOf(certificate));
        using X509Certificate2 withNames = Make(common, names => names.AddEmailAddress("alice@mail.example"));
        Assert.Equal("its certificate names no SIP domain", SipPeerName.WhyNot(withNames, "example.com"));
    }

    private static X509Certificate2 Make(string common, Action<SubjectAlternativeNameBuilder>? fill)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={common}", key, HashAlgorithmName.SHA256);
        if (fill is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            fill(names);
            request.CertificateExtensions.Add(names.Build());
        }

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
