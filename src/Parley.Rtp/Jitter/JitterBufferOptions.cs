namespace Parley.Rtp.Jitter;

/// <summary>How a jitter buffer weighs delay against what comes too late.</summary>
public sealed record JitterBufferOptions
{
    /// <summary>How long playout waits to begin with, counted from when the fastest packets come, until it knows the network.</summary>
    /// <value>60 ms: three packets of the usual 20 ms.</value>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>How long it waits at least.</summary>
    /// <value>10 ms: what a program on a busy machine is late by itself.</value>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The most that the delay may grow to when packets come late, before they are dropped instead.</summary>
    /// <value>400 ms: what ITU-T G.114 calls the limit for a conversation.</value>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How far ahead of playout a packet may lie before its timestamp is taken for a jump.</summary>
    /// <value>2 s.</value>
    public TimeSpan MaxAhead { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Throws when a value is outside its range or the values contradict each other.</summary>
    /// <exception cref="ArgumentException">Named after the option.</exception>
    public void Validate()
    {
        if (Delay < TimeSpan.Zero || Delay > TimeSpan.FromSeconds(1)) throw new ArgumentException("Delay is 0 to 1 s.");
        if (MinDelay < TimeSpan.Zero || MinDelay > Delay) throw new ArgumentException("MinDelay is 0 to Delay.");
        if (MaxDelay < Delay) throw new ArgumentException("MaxDelay is at least Delay.");
        if (MaxAhead < MaxDelay) throw new ArgumentException("MaxAhead is at least MaxDelay.");
    }
}

/// <summary>What became of a packet that was put in.</summary>
public enum JitterPutResult
{
    /// <summary>It waits for its time.</summary>
    Queued,

    /// <summary>It is there already, or has been.</summary>
    Duplicate,

    /// <summary>Its time is over.</summary>
    Late,

    /// <summary>The buffer is full, or does not reach as far as the packet's time.</summary>
    Full,
}

/// <summary>What is to be played next.</summary>
public enum PlayoutKind
{
    /// <summary>A payload.</summary>
    Frame,

    /// <summary>Nothing, though there should be something: to be concealed.</summary>
    Lost,

    /// <summary>Nothing, as the sender is silent.</summary>
    Silence,
}

/// <summary>A piece of the time line that is to be played.</summary>
public readonly ref struct PlayoutStep
{
    internal PlayoutStep(PlayoutKind kind, uint durationUnits, byte payloadType = 0, ReadOnlySpan<byte> payload = default)
    {
        Kind = kind;
        DurationUnits = durationUnits;
        PayloadType = payloadType;
        Payload = payload;
    }

    /// <summary>What it is.</summary>
    public PlayoutKind Kind { get; }

    /// <summary>How long it is, in RTP clock units: for a frame what it holds, up to 120 ms for what is lost and followed by a frame that is there, else at most what was asked for.</summary>
    public uint DurationUnits { get; }

    /// <summary>For what is lost: the next step is the frame that follows it.</summary>
    public bool IsFollowed { get; internal init; }

    /// <summary>For a frame: its packet was lost, and this came with a later one.</summary>
    public bool IsRecovered { get; internal init; }

    /// <summary>The frame's payload type.</summary>
    public byte PayloadType { get; }

    /// <summary>The frame's payload; valid until the buffer is used again.</summary>
    public ReadOnlySpan<byte> Payload { get; }
}

/// <summary>Counts of a jitter buffer.</summary>
/// <param name="Queued">Packets that were put in and waited for their time; what later packets held of others is not counted.</param>
/// <param name="Played">Of those, the ones that were played.</param>
/// <param name="Lost">Packets whose time passed without them: never seen, or seen too late; those as well whose sound came with a later one.</param>
/// <param name="Late">Of those, the ones that came too late.</param>
/// <param name="Duplicates">Packets that were there already.</param>
/// <param name="Reordered">Packets that came behind a later one, and in time.</param>
/// <param name="Overflows">Packets that found the buffer full, or whose time was beyond it.</param>
/// <param name="Underruns">Times that the buffer ran dry and playout then waited for a late packet rather than lose it.</param>
/// <param name="Resynchronizations">Times that the stream's clock jumped.</param>
public readonly record struct JitterBufferStatistics(
    long Queued, long Played, long Lost, long Late, long Duplicates, long Reordered, long Overflows, long Underruns, long Resynchronizations);
