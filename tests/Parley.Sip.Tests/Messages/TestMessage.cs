using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>Bytes with their index.</summary>
internal sealed class TestMessage
{
    public TestMessage(string text, SipLimits? limits = null)
        : this(Encoding.UTF8.GetBytes(text), limits)
    {
    }

    public TestMessage(byte[] bytes, SipLimits? limits = null)
    {
        Bytes = bytes;
        Index = new SipMessageIndex(limits ?? SipLimits.Default);
        IsMessage = SipParser.TryIndex(bytes, Index, out SipParseResult result);
        Result = result;
    }

    public byte[] Bytes { get; }

    public SipMessageIndex Index { get; }

    public bool IsMessage { get; }

    public SipParseResult Result { get; }

    public SipMessageView View => new(Bytes, Index);

    /// <summary>An OPTIONS that is fine, with further rows.</summary>
    public static TestMessage With(params string[] rows) => new(
        "OPTIONS sip:bob@biloxi.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@a.example>;tag=1\r\n" +
        "To: <sip:bob@biloxi.example>\r\nCall-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\n" + string.Concat(rows.Select(row => row + "\r\n")) + "\r\n");

    /// <summary>A request with exactly these rows.</summary>
    public static TestMessage Of(params string[] rows) =>
        new("OPTIONS sip:bob@biloxi.example SIP/2.0\r\n" + string.Concat(rows.Select(row => row + "\r\n")) + "\r\n");

    public List<string> Values(HeaderId id)
    {
        var values = new List<string>();
        foreach (HeaderValue value in View.Values(id))
        {
            Assert.Equal(Encoding.UTF8.GetString(value.Bytes), Encoding.UTF8.GetString(Bytes, value.Offset, value.Length));
            values.Add(Encoding.UTF8.GetString(value.Bytes));
        }

        return values;
    }

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
