using System.Text;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Events;

/// <summary>The states of lists: their meta-information and the body that it comes in (RFC 4662, RFC 2046).</summary>
public sealed class ResourceListTests
{
    // RFC 4662 5.1.
    private const string Example = """
        <?xml version="1.0"?>
        <list xmlns="urn:ietf:params:xml:ns:rlmi" uri="sip:adam-friends@lists.vancouver.example.com" version="7" fullState="true">
          <name xml:lang="en">Buddy List</name>
          <name xml:lang="fr">Liste d'amis</name>
          <resource uri="sip:bob@vancouver.example.com">
            <name>Bob Smith</name>
            <instance id="juwigmtboe" state="active" cid="12345.aaa@vancouver.example.com"/>
          </resource>
          <resource uri="sip:jim@vancouver.example.com">
            <name>Jim</name>
            <instance id="oflzxqzuvg" state="terminated" reason="rejected" />
          </resource>
          <resource uri="sip:ed@vancouver.example.com"><name>Ed</name><instance id="grqhzsppxb" state="pending"/></resource>
          <resource uri="sip:new@vancouver.example.com"/>
        </list>
        """;

    [Fact]
    public void The_example_of_the_rfc_is_read_and_written()
    {
        Assert.True(ResourceList.TryRead(Encoding.UTF8.GetBytes(Example), out ResourceList? list));
        Assert.Equal(("sip:adam-friends@lists.vancouver.example.com", 7u, true, 4), (list.Uri, list.Version, list.IsFull, list.Resources.Count));
        Assert.Equal(new ResourceInstance("juwigmtboe", SubscriptionState.Active, "12345.aaa@vancouver.example.com"), Assert.Single(list.Resources[0].Instances));
        Assert.Equal((SubscriptionState.Terminated, "rejected"), (list.Resources[1].Instances[0].State, list.Resources[1].Instances[0].Reason));
        Assert.Empty(list.Resources[3].Instances);
        Assert.True(ResourceList.TryRead(list.Write(), out ResourceList? again));
        Assert.Equal(list.Resources.SelectMany(resource => resource.Instances), again.Resources.SelectMany(resource => resource.Instances));
        Assert.Equal("Bob Smith", again.Resources[0].Name);
    }

    [Theory]
    [InlineData("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" version=\"1\"/>")]
    [InlineData("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:a@b\" version=\"-1\"/>")]
    [InlineData("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:a@b\" version=\"1\"><resource/></list>")]
    [InlineData("<list xmlns=\"urn:ietf:params:xml:ns:rlmi\" uri=\"sip:a@b\" version=\"1\"><resource uri=\"x\"><instance id=\"1\" state=\"no\"/></resource></list>")]
    public void What_is_malformed_is_not_read(string text) => Assert.False(ResourceList.TryRead(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void A_body_with_parts_is_written_and_read()
    {
        byte[] body = MultipartBody.WriteRelated([new BodyPart("application/rlmi+xml;charset=\"UTF-8\"", "root@x", "one\r\n"u8.ToArray()), new BodyPart("a/b;c=d", "two@x", "--not-a-boundary\r\n\r\n"u8.ToArray())], "b0undary", out string type);
        Assert.Equal("multipart/related;type=\"application/rlmi+xml\";start=\"<root@x>\";boundary=\"b0undary\"", type);
        Assert.True(MultipartBody.TryRead(type, body, out IReadOnlyList<BodyPart>? parts));
        Assert.Equal(["application/rlmi+xml;charset=\"UTF-8\" root@x one\r\n", "a/b;c=d two@x --not-a-boundary\r\n\r\n"], parts.Select(part => $"{part.ContentType} {part.ContentId} {Encoding.ASCII.GetString(part.Body.Span)}"));
    }

    [Theory]
    [InlineData("multipart/mixed;boundary=x", "preamble\r\n--x\r\n\r\na\r\n--x--\r\nepilogue", "a")]
    [InlineData("multipart/related;boundary=\"x y\";start=\"<2>\"", "--x y \r\nContent-ID: <1>\r\n\r\na\r\n--x y\r\nContent-Id: <2>\r\n\r\nb\r\n--x y--", "b|a")]
    [InlineData("multipart/mixed;boundary=x", "--x\n\nwith bare line feeds\n--x--", "with bare line feeds")]
    [InlineData("multipart/mixed;boundary=x", "--x\r\n\r\n--xy\r\n--x--", "--xy")]
    [InlineData("multipart/mixed;boundary=x", "--x\r\n\r\n\r\n--x--", "")]
    public void Parts_of_others_are_read(string type, string body, string expected)
    {
        Assert.True(MultipartBody.TryRead(type, Encoding.UTF8.GetBytes(body), out IReadOnlyList<BodyPart>? parts));
        Assert.Equal(expected, string.Join('|', parts.Select(part => Encoding.UTF8.GetString(part.Body.Span))));
    }

    [Theory]
    [InlineData("text/plain;boundary=x", "--x\r\n\r\na\r\n--x--")]
    [InlineData("multipart/mixed", "--x\r\n\r\na\r\n--x--")]
    [InlineData("multipart/mixed;boundary=x", "--x\r\n\r\na\r\n")]
    [InlineData("multipart/mixed;boundary=x", "--x--")]
    [InlineData("multipart/mixed;boundary=x", "nothing")]
    [InlineData("multipart/mixed;boundary=x", "--x\r\nno header\r\n\r\na\r\n--x--")]
    [InlineData("multipart/mixed;boundary=x", "--x\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--x--")]
    [InlineData("multipart/mixed;boundary=x;start=\"<gone>\"", "--x\r\n\r\na\r\n--x--")]
    public void What_cannot_be_taken_apart_is_refused(string type, string body) => Assert.False(MultipartBody.TryRead(type, Encoding.UTF8.GetBytes(body), out _));
}
