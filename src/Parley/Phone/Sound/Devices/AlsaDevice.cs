using Parley.Output;

namespace Parley.Phone.Sound.Devices;

/// <summary>A microphone or a loudspeaker of ALSA (Linux). Used by one thread at a time.</summary>
/// <remarks>
/// What ran dry or over, or slept, is started again and counted; a loudspeaker then gets some silence first, so that there is something to live on. The library's own
/// changes of rate and channels are made use of where a device has them (<c>default</c>, <c>plughw:</c>); of what has two channels the first is heard, and both are spoken into.
/// </remarks>
internal sealed class AlsaDevice : ISoundDevice
{
    /// <summary>What a device is asked for.</summary>
    public const int WantedRate = 48_000;

    private const uint PeriodMicroseconds = 10_000, BufferMicroseconds = 120_000;
    private const int MaxChannels = 8;
    private const int WaitMilliseconds = 100;
    private const int CushionMilliseconds = 30;

    private readonly nint _pcm;
    private readonly bool _isCapture;
    private readonly int _channels;
    private short[] _interleaved = [];
    private bool _isDisposed;

    private AlsaDevice(nint pcm, bool isCapture, int channels, int sampleRate) => (_pcm, _isCapture, _channels, SampleRate) = (pcm, isCapture, channels, sampleRate);

    public int SampleRate { get; }

    public int Breaks { get; private set; }

    public int Waiting => LibAsound.snd_pcm_delay(_pcm, out nint frames) == 0 && frames > 0 ? (int)Math.Min(frames, SampleRate) : 0;

    /// <summary>Opens one.</summary>
    /// <param name="name">A name such as <c>default</c> or <c>plughw:1</c>.</param>
    /// <param name="isCapture">True for a microphone.</param>
    /// <exception cref="CommandException">It cannot be opened; the message says why.</exception>
    public static AlsaDevice Open(string name, bool isCapture)
    {
        if (!LibAsound.IsThere) throw CommandException.Failed($"{LibAsound.Library} is not installed");
        Check(LibAsound.snd_pcm_open(out nint pcm, name, isCapture ? LibAsound.Capture : LibAsound.Playback, mode: 0), name, isCapture);
        try
        {
            (int channels, int rate) = Configure(pcm, name, isCapture);
            return new AlsaDevice(pcm, isCapture, channels, rate);
        }
        catch
        {
            _ = LibAsound.snd_pcm_close(pcm);
            throw;
        }
    }

    public bool Start() => LibAsound.snd_pcm_prepare(_pcm) >= 0 && (_isCapture || WriteCushion());

    public void Stop() => _ = LibAsound.snd_pcm_drop(_pcm);

    public int Read(Span<short> samples)
    {
        Span<short> raw = Room(samples.Length, samples);
        int done = 0;
        for (int attempts = 0; done < samples.Length && attempts < 3;)
        {
            int ready = LibAsound.snd_pcm_wait(_pcm, WaitMilliseconds);
            if (ready == 0) return 0;
            int got = ready < 0 ? ready : (int)LibAsound.snd_pcm_readi(_pcm, raw[(done * _channels)..], (nuint)(samples.Length - done));
            if (got < 0 && !Recover(got)) return got;
            if (got <= 0) attempts++;
            else done += got;
        }

        for (int i = 0; _channels > 1 && i < done; i++) samples[i] = raw[i * _channels];
        samples[done..].Clear();
        return samples.Length;
    }

    public int Write(ReadOnlySpan<short> samples)
    {
        ReadOnlySpan<short> raw = samples;
        if (_channels > 1)
        {
            Span<short> spread = Room(samples.Length, default);
            for (int i = 0; i < spread.Length; i++) spread[i] = samples[i / _channels];
            raw = spread;
        }

        int done = 0;
        for (int attempts = 0; done < samples.Length && attempts < 3;)
        {
            int ready = LibAsound.snd_pcm_wait(_pcm, WaitMilliseconds);
            if (ready == 0) return 0;
            int taken = ready < 0 ? ready : (int)LibAsound.snd_pcm_writei(_pcm, raw[(done * _channels)..], (nuint)(samples.Length - done));
            if (taken < 0 && !(Recover(taken) && WriteCushion())) return taken;
            if (taken <= 0) attempts++;
            else done += taken;
        }

        return samples.Length;
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _ = LibAsound.snd_pcm_close(_pcm);
    }

    private bool Recover(int error)
    {
        if (error is not (LibAsound.BrokenPipe or LibAsound.Suspended)) return false;
        Breaks++;
        return LibAsound.snd_pcm_recover(_pcm, error, isSilent: 1) >= 0;
    }

    private bool WriteCushion()
    {
        short[] silence = new short[SampleRate * CushionMilliseconds / 1000 * _channels];
        return LibAsound.snd_pcm_writei(_pcm, silence, (nuint)(silence.Length / _channels)) >= 0;
    }

    private Span<short> Room(int frames, Span<short> own)
    {
        if (_channels == 1 && !own.IsEmpty) return own;
        if (_interleaved.Length < frames * _channels) _interleaved = new short[frames * _channels];
        return _interleaved.AsSpan(0, frames * _channels);
    }

    private static (int Channels, int Rate) Configure(nint pcm, string name, bool isCapture)
    {
        Check(LibAsound.snd_pcm_hw_params_malloc(out nint parameters), name, isCapture);
        try
        {
            (uint channels, uint rate, uint period, uint buffer, int near) = (1, WantedRate, PeriodMicroseconds, BufferMicroseconds, 0);
            Check(LibAsound.snd_pcm_hw_params_any(pcm, parameters), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_access(pcm, parameters, LibAsound.InterleavedAccess), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_format(pcm, parameters, LibAsound.Signed16LittleEndian), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_channels_near(pcm, parameters, ref channels), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_rate_near(pcm, parameters, ref rate, ref near), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_buffer_time_near(pcm, parameters, ref buffer, ref near), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params_set_period_time_near(pcm, parameters, ref period, ref near), name, isCapture);
            Check(LibAsound.snd_pcm_hw_params(pcm, parameters), name, isCapture);
            if (channels > MaxChannels || rate is < 8000 or > 192_000) throw CommandException.Failed($"{What(name, isCapture)} has {channels} channels at {rate} Hz, which is not what this phone can do");
            return ((int)channels, (int)rate);
        }
        finally
        {
            LibAsound.snd_pcm_hw_params_free(parameters);
        }
    }

    private static void Check(int error, string name, bool isCapture)
    {
        if (error < 0) throw CommandException.Failed($"{What(name, isCapture)}: {LibAsound.WordsOf(error)}");
    }

    private static string What(string name, bool isCapture) => isCapture ? $"the microphone \"{name}\"" : $"the loudspeaker \"{name}\"";
}
