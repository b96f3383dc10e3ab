using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Hostile;

/// <summary>A stream gives the same frames whatever pieces it comes in, and no memory stays behind.</summary>
internal static class StreamTarget
{
    private static readonly SipLimits Limits = new() { MaxHeaderBytes = 3000, MaxBodyBytes = 2000, MaxMessageBytes = 4000, MaxHeaderCount = 60 };

    public static ulong Run(byte[] input)
    {
        var pool = new BufferPool();
        var random = new Random(input.Length);      // the same pieces for the same input
        bool isAccepted = input.Length % 4 != 0;
        (string whole, ulong seen) = Frame(input, input.Length, random, isAccepted, pool);
        foreach (int most in (int[])[1, 7, 100])
        {
            string cut = Frame(input, most, random, isAccepted, pool).Frames;
            Must.Hold(whole == cut, $"In pieces of up to {most} it is {cut}; whole {whole}");
        }

        Must.Hold(pool.Outstanding == 0, "A framer keeps memory");
        return seen;
    }

    private static (string Frames, ulong Seen) Frame(byte[] stream, int most, Random random, bool isAccepted, BufferPool pool)
    {
        using var framer = new SipStreamFramer(Limits, pool, isAccepted);
        var index = new SipMessageIndex(Limits);
        var frames = new StringBuilder();
        var seen = new Features();
        for (int at = 0; at < stream.Length;)
        {
            int size = most == stream.Length ? most : random.Next(1, Math.Min(most, stream.Length - at) + 1);
            ReadOnlySpan<byte> piece = stream.AsSpan(at, size);
            at += size;
            while (true)
            {
                int before = piece.Length;
                SipFrame frame = framer.Next(ref piece, index);
                Must.Hold(piece.Length <= before, "More is left than there was");
                if (frame.Kind == SipFrameKind.NeedMore)
                {
                    Must.Hold(piece.IsEmpty, "Bytes are left that nobody takes");
                    break;
                }

                seen.Add((int)frame.Kind);
                seen.Add((int)frame.Result.Error);
                frames.Append(frame.Kind).Append(' ').Append(frame.Result.Error).Append(' ');
                if (frame.Result.IsIndexed)
                {
                    var view = new SipMessageView(frame.Bytes, index);
                    frames.Append(index.Count).Append(' ').Append(Convert.ToBase64String(view.Bytes)).Append(' ');
                    Must.Hold(!frame.Result.IsMessage || view.Bytes.Length == frame.Bytes.Length, "A frame with bytes that are not the message's");
                }

                frames.Append('|');
            }
        }

        return (frames.ToString(), seen.Value);
    }
}
