using Parley.Server.Registrar;

namespace Parley.Server.Tests.Registrar;

public sealed class ContactUriComparerTests
{
    // RFC 3261 19.1.4 has the first nine.
    [Theory]
    [InlineData("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true)]
    [InlineData("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5", true)]
    [InlineData("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true)]
    [InlineData("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false)]
    [InlineData("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false)]
    [InlineData("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false)]
    [InlineData("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false)]
    [InlineData("sip:carol@chicago.com", "sips:carol@chicago.com", true)]         // RFC 5630 5.1.1.1
    [InlineData("mailto:carol@chicago.com", "mailto:carol@chicago.com", true)]
    [InlineData("mailto:carol@chicago.com", "mailto:Carol@chicago.com", false)]
    [InlineData("no uri at all", "no uri at all", true)]
    [InlineData("no uri at all", "sip:carol@chicago.com", false)]
    public void Contacts_are_compared_as_URIs(string left, string right, bool isSame)
    {
        var comparer = new ContactUriComparer();
        Assert.Equal(isSame, comparer.AreEquivalent(TestUpdate.Utf8(left), TestUpdate.Utf8(right)));
        Assert.Equal(isSame, comparer.AreEquivalent(TestUpdate.Utf8(right), TestUpdate.Utf8(left)));
    }
}
