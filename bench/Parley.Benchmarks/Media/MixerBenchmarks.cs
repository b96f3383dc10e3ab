using BenchmarkDotNet.Attributes;
using Parley.Media.Mixing;

namespace Parley.Benchmarks.Media;

/// <summary>One beat (20 ms) of a room with 100 parties: each says something or is silent, it is mixed, and each hears the others.</summary>
[MemoryDiagnoser]
public class MixerBenchmarks
{
    private const int Parties = 100;

    private readonly Mixer _mixer = new();
    private readonly short[] _heard = new short[960];
    private MixerParty[] _parties = [];
    private short[][] _says = [];

    /// <summary>How many of them speak.</summary>
    [Params(0, 3, 10, 100)]
    public int Talking { get; set; }

    /// <summary>One rate for all, or 8, 16 and 48 kHz in turn.</summary>
    [Params(true, false)]
    public bool IsOneRate { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        int[] rates = IsOneRate ? [8000] : [48000, 8000, 16000];
        Random random = new(1);
        _parties = [.. Enumerable.Range(0, Parties).Select(_ => _mixer.Join())];
        _says = [.. Enumerable.Range(0, Parties).Select(i => new short[rates[i % rates.Length] / 50])];
        for (int i = 0; i < Parties; i++)
        {
            _parties[i].Sink.Start(_says[i].Length * 50);
            _parties[i].Source.Start(_says[i].Length * 50);
            for (int at = 0; i < Talking && at < _says[i].Length; at++) _says[i][at] = (short)random.Next(-3000, 3000);
        }
    }

    [Benchmark]
    public int Beat()
    {
        for (int i = 0; i < Parties; i++) _parties[i].Sink.Write(_says[i]);
        _mixer.Mix();
        int heard = 0;
        for (int i = 0; i < Parties; i++) heard += _parties[i].Source.Read(_heard.AsSpan(0, _says[i].Length));
        return heard;
    }
}
