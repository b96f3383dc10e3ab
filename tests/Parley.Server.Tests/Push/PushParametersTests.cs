using System.Text;
using Parley.Server.Push;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Push;

/// <summary>The URI parameters of RFC 8599 8.7.</summary>
public sealed class PushParametersTests
{
    [Theory]
    [InlineData("sip:a@b;pn-provider=apns;pn-param=T.x.voip;pn-prid=00fc", true, "apns", "T.x.voip", "00fc", true)]
    [InlineData("sip:a@b;PN-PRID=x;transport=tcp;Pn-Provider=ACME", true, "ACME", "", "x", true)]
    [InlineData("sip:a@b;pn-provider=apns;pn-prid=00fc", true, "apns", "", "00fc", false)]
    [InlineData("sip:a@b;pn-provider=FCM;pn-prid=00fc", true, "FCM", "", "00fc", false)]
    [InlineData("sip:a@b;pn-provider=webpush;pn-prid=https%3A%2F%2Fp.example%2F1", true, "webpush", "", "https%3A%2F%2Fp.example%2F1", true)]
    [InlineData("sip:a@b;pn-provider=acme;pn-param=p", true, "acme", "p", "", false)]
    [InlineData("sip:a@b;pn-provider", true, "", "", "", false)]
    [InlineData("sip:a@b;pn-prid=x", false, "", "", "x", true)]
    [InlineData("sip:a@b;pn-providers=x", false, "", "", "", false)]
    [InlineData("sip:a@b", false, "", "", "", false)]
    [InlineData("sip:pn-provider=x@b", false, "", "", "", false)]
    public void A_contact_says_how_its_phone_is_woken(string contact, bool isThere, string provider, string parameter, string prid, bool isComplete)
    {
        Assert.True(SipUriView.TryParse(Encoding.ASCII.GetBytes(contact), out SipUriView uri));
        Assert.Equal(isThere, PushParameters.TryRead(uri, out PushParameters parameters));
        Assert.Equal((provider, parameter, prid, isComplete), (Text(parameters.Provider), Text(parameters.Parameter), Text(parameters.Prid), parameters.IsComplete));
    }

    [Theory]
    [InlineData("sip:a@b;pn-provider=apns;pn-param=T;pn-prid=00fc", "sip:a@b")]
    [InlineData("sip:a@b;pn-prid=x;transport=tcp;PN-Provider;ob?Subject=pn-prid", "sip:a@b;transport=tcp;ob?Subject=pn-prid")]
    [InlineData("sip:a@b;pn-purr=x;lr", "sip:a@b;lr")]
    [InlineData("sip:a@b;p=1;pn=2", "sip:a@b;p=1;pn=2")]
    [InlineData("sip:x;pn-prid=1@b", "sip:x;pn-prid=1@b")]
    [InlineData("tel:+1;pn-prid=1", "tel:+1;pn-prid=1")]
    public void Nobody_else_is_shown_it(string contact, string shown) => Assert.Equal(shown, PushParameters.Shown(Encoding.ASCII.GetBytes(contact)));

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes);
}
