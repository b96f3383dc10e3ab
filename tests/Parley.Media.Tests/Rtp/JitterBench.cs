using System.Buffers.Binary;
using System.Text;
using Parley.Core;
using Parley.Rtp;
using Parley.Rtp.Jitter;

namespace Parley.Media.Tests.Rtp;

/// <summary>A jitter buffer in a script: packets go in, beats take out, and what came out is written down.</summary>
/// <remarks>Packet n has sequence number and timestamp n and its number as payload. A beat writes the number of what it played, "L" for lost, "." for silence.</remarks>
internal sealed class JitterBench : IDisposable
{
    public const uint Frame = 160;
    private readonly StringBuilder _played = new();
    private uint _ahead;        // taken, and not yet beaten

    public JitterBench(JitterBufferOptions? options = null) => Buffer = new JitterBuffer(options ?? new JitterBufferOptions(), 8000, Pool);

    public BufferPool Pool { get; } = new();

    public JitterBuffer Buffer { get; }

    public Instant Now { get; set; } = Instant.Zero + TimeSpan.FromSeconds(1);

    public ushort FirstSequence { get; init; } = 100;

    public uint FirstTimestamp { get; init; } = 5000;

    public List<int> Numbers { get; } = [];

    public string Played => _played.ToString().Trim();

    public JitterPutResult Put(int number, bool marker = false, uint ssrc = 1, uint timestampOffset = 0, int sequenceOffset = 0, int covers = 0)
    {
        byte[] payload = new byte[160];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return Buffer.Put(
            new RtpHeader(0, marker, (ushort)(FirstSequence + number + sequenceOffset), FirstTimestamp + ((uint)number * Frame) + timestampOffset, ssrc), payload, Frame, Now, covers);
    }

    /// <summary>Puts a packet with the payloads before it.</summary>
    public void PutWithRedundancy(int number, int depth)
    {
        Put(number);
        RtpHeader header = new(0, false, (ushort)(FirstSequence + number), FirstTimestamp + ((uint)number * Frame), 1);
        byte[] payload = new byte[160];
        for (int before = depth; before > 0; before--)
        {
            BinaryPrimitives.WriteInt32BigEndian(payload, number - before);
            Buffer.PutRedundant(header, (uint)before * Frame, 0, payload, Frame, Now);
        }
    }

    public void Beat(int count = 1)
    {
        for (; count > 0; count--)
        {
            while (_ahead < Frame)
            {
                PlayoutStep step = Buffer.Take(Frame, Now);
                _ahead += step.DurationUnits;
                if (step.Kind == PlayoutKind.Frame)
                {
                    int number = BinaryPrimitives.ReadInt32BigEndian(step.Payload);
                    Numbers.Add(number);
                    _played.Append(number).Append(step.IsRecovered ? "r " : " ");
                }
                else
                {
                    for (uint left = step.DurationUnits; left > 0; left -= Math.Min(left, Frame)) _played.Append(step.Kind == PlayoutKind.Lost ? "L " : ". ");
                }
            }

            _ahead -= Frame;
            Now += TimeSpan.FromMilliseconds(20);
        }
    }

    /// <summary>Runs a script: "3" puts packet 3, "3M" with the marker, "3+2" with the two before it, "|" is a beat.</summary>
    public JitterBench Run(string script)
    {
        foreach (string word in script.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word == "|") Beat();
            else if (word.Split('+') is [string number, string depth]) PutWithRedundancy(int.Parse(number), int.Parse(depth));
            else Put(int.Parse(word.TrimEnd('M')), word.EndsWith('M'));
        }

        return this;
    }

    public void Dispose()
    {
        Buffer.Dispose();
        Assert.Equal(0, Pool.Outstanding);
    }
}
