using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

public sealed class SipStreamFramerTests
{
    private const string First = "OPTIONS sip:a@b.example SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\n12345";
    private const string Begun = "OPTIONS sip:a@b.example SIP/2.0\r\nCall-ID: 5\r\n";
    private const string Second = "SIP/2.0 200 OK\r\nCall-ID: 2\r\nl: 0\r\n\r\n";
    private const string Long = "MESSAGE sip:a@b.example SIP/2.0\r\nCall-ID: 3\r\nContent-Length: 1500\r\n\r\n";

    private readonly BufferPool _pool = new();

    public static TheoryData<string, string> Streams => new()
    {
        { First + Second, "1:12345 2:" },
        { "\r\n\r\n" + First + "\r\n\r\n\r\n" + Second, "ping 1:12345 ping 2:" },
        { "\r\n" + First + "\r\n\r\n\r\n\r\n", "1:12345 ping ping" },
        { Long + new string('x', 1500) + First, "3:" + new string('x', 1500) + " 1:12345" },
        { First + "OPTIONS sip:a@b.example SIP/2.0\r\nCall-ID: 4\r\n\r\n" + Second, "1:12345 Malformed/NoContentLength/indexed" },
        { "OPTIONS sip:a@b.example SIP/2.0\r\nContent-Length: x\r\n\r\n" + Second, "Malformed/ContentLength/indexed" },
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Malformed/NotSip" },
        { Second + "\n\n\r\n\r\n", "2: Malformed/LineEnd" },
        { "OPTIONS sip:a@b.example SIP/2.0\r\nContent-Length: 2001\r\n\r\n" + First, "TooLarge/BodyTooLong/indexed" },
        { "OPTIONS sip:a@b.example SIP/2.0\r\nX: " + new string('x', 1000), "TooLarge/HeadersTooLong" },
        { "OPTIONS sip:a@b.example SIP/2.0\r\nX: " + new string('x', 1000) + "\r\n\r\n" + First, "TooLarge/HeadersTooLong" },
        { new string('x', 5000), "TooLarge/HeadersTooLong" },
        { string.Concat(Enumerable.Repeat("x\r\n", 500)), "Malformed/NotSip" },
        { "\rOPTIONS sip:a@b.example SIP/2.0\r\n\r\n", "Malformed/LineEnd" },
        { "OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nx: ", "Missing:x: " },    // whole as a frame; what is missing is refused later
        { Begun + "Content-Length: -1\r\n\r\n" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: +5\r\n\r\n12345" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length:\r\n\r\n" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: 5 5\r\n\r\n12345" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: 5, 5\r\n\r\n12345" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: 99999999999999999999\r\n\r\n" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: 4294967301\r\n\r\n12345" + First, "Malformed/ContentLength/indexed" },     // 5 in 32 bits
        { Begun + "Content-Length: 4294967295\r\n\r\n" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length: 2147483647\r\n\r\n" + First, "TooLarge/BodyTooLong/indexed" },
        { Begun + "Content-Length: 5\r\nl: 5\r\n\r\n12345" + First, "5:12345 1:12345" },
        { Begun + "Content-Length: 5\r\nl: 05\r\n\r\n12345" + First, "5:12345 1:12345" },
        { Begun + "Content-Length: 5\r\nl: 6\r\n\r\n12345" + First, "Malformed/ContentLength/indexed" },
        { Begun + "Content-Length:\r\n 5\r\n\r\n12345" + First, "5:12345 1:12345" },
        { Begun + "X: a\nContent-Length: 5\r\n\r\n12345" + First, "Malformed/LineEnd" },
        { Begun + "X: a\rContent-Length: 5\r\n\r\n12345" + First, "Malformed/LineEnd" },
        { Begun + "Content-Length 5\r\n\r\n12345" + First, "Malformed/HeaderRow/indexed" },
        { Begun + string.Concat(Enumerable.Repeat("a:b\r\n", 140)) + "l: 0\r\n\r\n" + First, "TooLarge/TooManyHeaders" },
    };

    [Theory, MemberData(nameof(Streams))]
    public void A_stream_gives_the_same_whatever_its_pieces(string stream, string expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(stream);
        Assert.Equal(expected, Frame(bytes, _ => bytes.Length));
        for (int size = 1; size < 40; size++) Assert.Equal(expected, Frame(bytes, _ => size));
        for (int cut = 1; cut < Math.Min(bytes.Length, 160); cut++) Assert.Equal(expected, Frame(bytes, at => at == 0 ? cut : bytes.Length));
        Assert.Equal(0, _pool.Outstanding);
    }

    [Fact]
    public void Random_streams_give_the_same_whatever_their_pieces()
    {
        string[] parts = [First, Second, Long + new string('y', 1500), "\r\n", "\r\n\r\n", "\r", "\n", "x", "Content-Length: 3\r\n", "OPTIONS sip:a SIP/2.0\r\n", ": "];
        var gen = from which in Gen.Choose(0, parts.Length - 1).ArrayOf()
                  from seed in Gen.Choose(0, int.MaxValue)
                  select (Stream: string.Concat(which.Select(i => parts[i])), Seed: seed);
        Prop.ForAll(gen.ToArbitrary(), x =>
        {
            byte[] bytes = Encoding.ASCII.GetBytes(x.Stream);
            var random = new Random(x.Seed);
            return Frame(bytes, _ => bytes.Length) == Frame(bytes, _ => random.Next(1, 80)) && _pool.Outstanding == 0;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void On_a_connection_of_ours_each_line_end_is_a_pong()
    {
        byte[] bytes = Encoding.ASCII.GetBytes("\r\n" + First + "\r\n\r\n" + Second + "\r\n");
        const string expected = "pong 1:12345 pong pong 2: pong";
        Assert.Equal(expected, Frame(bytes, _ => bytes.Length, isAccepted: false));
        Assert.Equal(expected, Frame(bytes, _ => 1, isAccepted: false));
    }

    [Fact]
    public void A_message_within_a_piece_is_not_copied()
    {
        using var framer = new SipStreamFramer(SipLimits.Default, _pool, isAccepted: true);
        byte[] bytes = Encoding.ASCII.GetBytes(First);
        ReadOnlySpan<byte> piece = bytes;
        SipFrame frame = framer.Next(ref piece, new SipMessageIndex());
        Assert.Equal(SipFrameKind.MessageComplete, frame.Kind);
        Assert.True(frame.Bytes.Overlaps(bytes));
        Assert.True(piece.IsEmpty);
        Assert.Equal(0, _pool.AllocatedBytes);
    }

    [Fact]
    public void A_message_that_has_begun_shows()
    {
        using var framer = new SipStreamFramer(SipLimits.Default, _pool, isAccepted: true);
        var index = new SipMessageIndex();
        byte[] bytes = Encoding.ASCII.GetBytes("\r\n" + First);
        Assert.False(framer.IsWithinMessage);
        for (int i = 0; i < bytes.Length; i++)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(i, 1);
            SipFrame frame = framer.Next(ref piece, index);
            Assert.Equal(i == bytes.Length - 1 ? SipFrameKind.MessageComplete : SipFrameKind.NeedMore, frame.Kind);
            Assert.Equal(i >= 2 && i < bytes.Length - 1, framer.IsWithinMessage);
        }

        Assert.Equal(1, _pool.Outstanding);
        framer.Dispose();
        Assert.Equal(0, _pool.Outstanding);
    }

    [Fact]
    public void Disposing_within_a_message_gives_its_buffer_back()
    {
        var framer = new SipStreamFramer(SipLimits.Default, _pool, isAccepted: true);
        ReadOnlySpan<byte> piece = "OPTIONS "u8;
        framer.Next(ref piece, new SipMessageIndex());
        Assert.Equal(1, _pool.Outstanding);
        framer.Dispose();
        Assert.Equal(0, _pool.Outstanding);
    }

    private string Frame(byte[] stream, Func<int, int> sizeAt, bool isAccepted = true)
    {
        var limits = new SipLimits { MaxHeaderBytes = 1000, MaxBodyBytes = 2000 };
        using var framer = new SipStreamFramer(limits, _pool, isAccepted);
        var index = new SipMessageIndex(limits);
        var seen = new List<string>();
        int at = 0;
        while (at < stream.Length)
        {
            int size = Math.Min(sizeAt(at), stream.Length - at);
            ReadOnlySpan<byte> piece = stream.AsSpan(at, size);
            at += size;
            while (true)
            {
                SipFrame frame = framer.Next(ref piece, index);
                if (frame.Kind == SipFrameKind.NeedMore)
                {
                    Assert.True(piece.IsEmpty);
                    break;
                }

                seen.Add(Describe(frame, index));
            }
        }

        return string.Join(' ', seen);
    }

    private static string Describe(in SipFrame frame, SipMessageIndex index)
    {
        switch (frame.Kind)
        {
            case SipFrameKind.MessageComplete:
                Assert.True(frame.Result.IsMessage);
                var view = new SipMessageView(frame.Bytes, index);
                Assert.Equal(frame.Bytes.Length, view.Bytes.Length);
                HeaderStatus status = view.TryGetCallId(out ReadOnlySpan<byte> callId);
                return $"{(status == HeaderStatus.Ok ? TestMessage.Text(callId) : status)}:{TestMessage.Text(view.Body)}";
            case SipFrameKind.Ping or SipFrameKind.Pong:
                return frame.Kind.ToString().ToLowerInvariant();
            default:
                if (frame.Result.IsIndexed) _ = new SipMessageView(frame.Bytes, index).StartLine;
                return $"{frame.Kind}/{frame.Result.Error}{(frame.Result.IsIndexed ? "/indexed" : "")}";
        }
    }
}
