using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public class HeaderTableTests
{
    // RFC 3261 7.3.3 and 20; 3265, 3515, 3841, 3892, 4028, 8224: the IANA registry of SIP header fields.
    private const string CompactForms = "a:Accept-Contact b:Referred-By c:Content-Type d:Request-Disposition e:Content-Encoding f:From i:Call-ID j:Reject-Contact " +
        "k:Supported l:Content-Length m:Contact o:Event r:Refer-To s:Subject t:To u:Allow-Events v:Via x:Session-Expires y:Identity";

    [Fact]
    public void Every_header_has_one_row_in_the_table()
    {
        foreach (HeaderId id in Enum.GetValues<HeaderId>())
        {
            HeaderDefinition definition = HeaderTable.Get(id);
            Assert.Equal(id, definition.Id);
            Assert.Equal(id == HeaderId.Unknown, definition.Name.Length == 0);
            if (id != HeaderId.Unknown) Assert.Equal(id.ToString(), definition.Name.Replace("-", ""), ignoreCase: true);
        }
    }

    [Fact]
    public void A_name_is_found_in_any_case()
    {
        foreach (HeaderDefinition definition in HeaderTable.All)
        {
            foreach (string name in new[] { definition.Name, definition.Name.ToLowerInvariant(), definition.Name.ToUpperInvariant() })
            {
                Assert.Equal(definition.Id, HeaderTable.Find(Encoding.ASCII.GetBytes(name)));
                // With enough bytes behind it, and with too few, to be compared in one step.
                Assert.Equal(definition.Id, HeaderTable.Find(Encoding.ASCII.GetBytes("xx" + name + new string('A', 40)), 2, name.Length));
                Assert.Equal(definition.Id, HeaderTable.Find(Encoding.ASCII.GetBytes(name + "A"), 0, name.Length));
            }
        }
    }

    [Fact]
    public void A_name_that_is_one_character_off_is_unknown()
    {
        foreach (HeaderDefinition definition in HeaderTable.All)
        {
            for (int i = 0; i < definition.Name.Length; i++)
            {
                foreach (byte replacement in "_-\r\0zZ\xFF"u8)
                {
                    byte[] name = Encoding.ASCII.GetBytes(definition.Name);
                    if (replacement == (name[i] | 0x20) || replacement == (name[i] & ~0x20) || replacement == name[i]) continue;
                    name[i] = replacement;
                    Assert.NotEqual(definition.Id, HeaderTable.Find(name));
                    Assert.NotEqual(definition.Id, HeaderTable.Find([.. name, .. new byte[32]], 0, name.Length));
                }
            }

            Assert.NotEqual(definition.Id, HeaderTable.Find(Encoding.ASCII.GetBytes(definition.Name + "s")));
            if (definition.Name != "To") Assert.NotEqual(definition.Id, HeaderTable.Find(Encoding.ASCII.GetBytes(definition.Name[..^1])));
        }
    }

    [Fact]
    public void Compact_forms_are_those_of_the_registry()
    {
        string[] forms = [.. HeaderTable.All.ToArray().Where(d => d.Compact != '\0').OrderBy(d => d.Compact).Select(d => $"{d.Compact}:{d.Name}")];
        Assert.Equal(CompactForms.Split(' '), forms);
        foreach (string form in forms)
        {
            HeaderId id = HeaderTable.Find(Encoding.ASCII.GetBytes(form[2..]));
            Assert.Equal(id, HeaderTable.Find([(byte)form[0]]));
            Assert.Equal(id, HeaderTable.Find([(byte)char.ToUpperInvariant(form[0])]));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("g")]
    [InlineData("1")]
    [InlineData("X-Anything")]
    [InlineData("Content")]
    public void Other_names_are_unknown(string name) => Assert.Equal(HeaderId.Unknown, HeaderTable.Find(Encoding.ASCII.GetBytes(name)));
}
