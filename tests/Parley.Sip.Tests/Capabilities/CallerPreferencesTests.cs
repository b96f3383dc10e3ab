using System.Text;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Capabilities;

/// <summary>Which contacts fit what a caller asks for (RFC 3841 7.2, RFC 3840).</summary>
public sealed class CallerPreferencesTests
{
    private const string Example = "Reject-Contact: *;actor=\"msg-taker\";video\r\nAccept-Contact: *;audio;require\r\na: *;video;explicit\r\nAccept-Contact: *;methods=\"BYE\";class=\"business\";q=1.0\r\n";

    /// <summary>RFC 3841 7.2.5, contact by contact.</summary>
    [Theory]
    [InlineData(";audio;video;methods=\"INVITE,BYE\"", 833)]
    [InlineData(";audio=\"FALSE\";methods=\"INVITE\";actor=\"msg-taker\"", null)]
    [InlineData(";audio;actor=\"msg-taker\";methods=\"INVITE\";video", null)]
    [InlineData(";audio;methods=\"INVITE,OPTIONS\"", 500)]
    [InlineData("", 1000)]
    public void The_example_of_the_RFC(string contact, int? score) => Assert.Equal(score, Rate(Example, contact));

    [Theory]
    [InlineData("Accept-Contact: *;video;require", ";audio;video", 1000)]
    [InlineData("Accept-Contact: *;video;require", ";audio", 0)]                    // nothing said against it
    [InlineData("Accept-Contact: *;video;require;explicit", ";audio", null)]
    [InlineData("Accept-Contact: *;video;explicit", ";audio", 0)]
    [InlineData("Accept-Contact: *;video", ";video=\"FALSE\"", 0)]
    [InlineData("Accept-Contact: *;audio;video", ";audio", 500)]
    [InlineData("Accept-Contact: *;audio, *;mobility=\"fixed\"", ";audio;mobility=\"mobile\"", 1000)]      // the second one is not in the matching set
    [InlineData("Accept-Contact: *;+sip.instance=\"<urn:a>\";require;explicit", ";x=y", 1000)]                     // no feature at all: immune
    [InlineData("Accept-Contact: *;require", ";audio", 1000)]
    [InlineData("Accept-Contact: sip:x;audio;require;explicit", ";video", 0)]       // no value that there can be
    [InlineData("Accept-Contact: *;AUDIO=\"true\";REQUIRE;EXPLICIT", ";audio", 1000)]
    [InlineData("Accept-Contact: *;+sip.video;require;explicit", ";video", 1000)]
    [InlineData("Accept-Contact: *;+video;require;explicit", ";video", 1000)]
    [InlineData("Accept-Contact: *;+other;require;explicit", ";video", null)]
    [InlineData("j: *;mobility=\"mobile\"", ";mobility=\"mobile\"", null)]
    [InlineData("Reject-Contact: *;mobility=\"mobile\"", ";audio", 1000)]
    [InlineData("Reject-Contact: *;x=y", ";audio", 1000)]
    public void Accept_and_reject(string rows, string contact, int? score) => Assert.Equal(score, Rate(rows + "\r\n", contact));

    [Theory]
    [InlineData("*;+sip.instance=\"<urn:a>\";require;explicit", "\"<urn:a>\"", 1000)]
    [InlineData("*;+sip.instance=\"<urn:A>\";require", "\"<urn:a>\"", null)]
    public void An_instance_that_is_kept_apart_counts(string accept, string instance, int? score) => Assert.Equal(score, Rate($"Accept-Contact: {accept}\r\n", "", instance));

    /// <summary>RFC 3841 7.2.4, 8 and RFC 3840 9: values of each kind.</summary>
    [Theory]
    [InlineData("\"INVITE,BYE\"", "\"bye\"", true)]
    [InlineData("\"INVITE, BYE\"", "\"OPTIONS\"", false)]
    [InlineData("\"!presence,message-summary\"", "\"presence\"", false)]
    [InlineData("\"!presence,message-summary\"", "\"dialog\"", true)]
    [InlineData("\"!presence\"", "\"!presence\"", true)]
    [InlineData("\"<PC>\"", "\"<PC>\"", true)]
    [InlineData("\"<PC>\"", "\"<pc>\"", false)]
    [InlineData("\"<PC>\"", "\"PC\"", false)]
    [InlineData("TRUE", "\"true\"", true)]
    [InlineData("\"#-4:+5.125\"", "\"#=5.125\"", true)]
    [InlineData("\"#-4:+5.125\"", "\"#=5.126\"", false)]
    [InlineData("\"#>=4\"", "\"#<=4\"", true)]
    [InlineData("\"#>=4\"", "\"#<=3.9\"", false)]
    [InlineData("\"!#>=4\"", "\"#=4\"", false)]
    [InlineData("\"!#>=4\"", "\"#<=4\"", true)]
    [InlineData("\"!#>=4\"", "\"!#<=4\"", false)]
    [InlineData("\"!#>=4\"", "\"!#<=3\"", true)]
    [InlineData("\"#4\"", "\"4\"", false)]
    [InlineData("\"#99999999999999999999999999999999999999\"", "\"#1\"", false)]
    [InlineData("\"\"", "\"a\"", false)]
    public void Values(string left, string right, bool overlap)
    {
        Assert.Equal(overlap, FeatureValue.Overlap(Encoding.ASCII.GetBytes(left), Encoding.ASCII.GetBytes(right)));
        Assert.Equal(overlap, FeatureValue.Overlap(Encoding.ASCII.GetBytes(right), Encoding.ASCII.GetBytes(left)));
    }

    /// <summary>RFC 3841 7.2.2: what a request needs by itself.</summary>
    [Theory]
    [InlineData("MESSAGE", "", ";methods=\"INVITE,MESSAGE\"", true)]
    [InlineData("MESSAGE", "", ";audio;methods=\"INVITE,ACK\"", false)]
    [InlineData("MESSAGE", "", ";audio", true)]
    [InlineData("SUBSCRIBE", "Event: dialog\r\n", ";events=\"presence\"", false)]
    [InlineData("SUBSCRIBE", "Event: presence;id=1\r\n", ";events=\"presence\"", true)]
    [InlineData("MESSAGE", "Event: dialog\r\n", ";events=\"presence\"", true)]
    [InlineData("MESSAGE", "Accept-Contact: *\r\n", ";methods=\"INVITE\"", true)]       // explicit preferences leave the implicit ones out
    public void What_the_request_needs(string method, string rows, string contact, bool fits) => Assert.Equal(fits, Rate(rows, contact, method: method) is not null);

    [Theory]
    [InlineData("", RequestDispositions.None)]
    [InlineData("Request-Disposition: proxy, recurse, fork, cancel, queue\r\n", RequestDispositions.None)]
    [InlineData("Request-Disposition: redirect\r\n", RequestDispositions.Redirect)]
    [InlineData("d: no-cancel, No-Fork\r\nd: no-recurse, sequential\r\n", RequestDispositions.NoCancel | RequestDispositions.NoFork | RequestDispositions.NoRecurse | RequestDispositions.Sequential)]
    [InlineData("d: parallel, sequential, proxy, redirect\r\n", RequestDispositions.Parallel)]
    public void Dispositions(string rows, RequestDispositions expected) => Assert.Equal(expected, Read(rows, "INVITE", static message => RequestDisposition.Read(message)));

    private static int? Rate(string rows, string contact, string instance = "", string method = "INVITE") => Read(rows, method, message =>
        new CallerPreferences(message).TryRate(Encoding.ASCII.GetBytes(contact), Encoding.ASCII.GetBytes(instance), out int score) ? score : (int?)null);

    private delegate T Reader<T>(SipMessageView message);

    private static T Read<T>(string rows, string method, Reader<T> read)
    {
        byte[] bytes = Encoding.ASCII.GetBytes($"{method} sip:user@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:user@example.com>\r\nCall-ID: a\r\nCSeq: 1 {method}\r\n{rows}\r\n");
        var index = new SipMessageIndex(SipLimits.Default);
        Assert.True(SipParser.TryIndex(bytes, index, out _));
        return read(new SipMessageView(bytes, index));
    }
}
