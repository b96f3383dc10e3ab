using Parley.Media.Mixing;

namespace Parley.Media.Tests.Mixing;

/// <summary>A mixer with parties that say prepared things and keep what they hear.</summary>
internal sealed class MixingRoom
{
    private readonly List<Talker> _talkers = [];

    public Mixer Mixer { get; } = new();

    public IReadOnlyList<Talker> Talkers => _talkers;

    /// <summary>Adds somebody.</summary>
    /// <param name="rate">His sample rate.</param>
    /// <param name="says">What he says in a beat.</param>
    public Talker Add(int rate, Func<long, short[]>? says = null)
    {
        var talker = new Talker(Mixer.Join(), rate, says ?? (_ => new short[rate / 50]));
        _talkers.Add(talker);
        return talker;
    }

    /// <summary>Lets a few beats go by: all write, it is mixed, all read.</summary>
    public void Run(int beats)
    {
        for (int i = 0; i < beats; i++)
        {
            foreach (Talker talker in _talkers) talker.Write();
            Mixer.Mix();
            foreach (Talker talker in _talkers) talker.Read();
        }
    }

    /// <summary>A sine that goes on from beat to beat.</summary>
    public static Func<long, short[]> Sine(double hertz, int rate, double amplitude = 5000) =>
        beat => [.. Enumerable.Range(0, rate / 50).Select(i => (short)Math.Round(amplitude * Math.Sin(2 * Math.PI * hertz * ((beat * (rate / 50)) + i) / rate)))];

    internal sealed class Talker
    {
        private readonly short[] _beat;
        private readonly Func<long, short[]> _says;

        public Talker(MixerParty party, int rate, Func<long, short[]> says)
        {
            (Party, Rate, _says) = (party, rate, says);
            _beat = new short[rate / 50];
            party.Sink.Start(rate);
            party.Source.Start(rate);
        }

        public MixerParty Party { get; }

        public int Rate { get; }

        public List<short> Heard { get; } = [];

        public long Written { get; private set; }

        public void Write() => Party.Sink.Write(_says(Written++));

        public void Read()
        {
            Assert.Equal(_beat.Length, Party.Source.Read(_beat));
            Heard.AddRange(_beat);
        }

        /// <summary>How strong a tone is in what was heard, from a beat on: the amplitude of its sine.</summary>
        public double Level(double hertz, int fromBeat = 0)
        {
            double re = 0, im = 0;
            ReadOnlySpan<short> heard = Heard.ToArray().AsSpan(fromBeat * Rate / 50);
            for (int i = 0; i < heard.Length; i++)
            {
                double window = 1 - Math.Cos(2 * Math.PI * i / heard.Length);
                (double sin, double cos) = Math.SinCos(2 * Math.PI * hertz * i / Rate);
                re += heard[i] * window * cos;
                im += heard[i] * window * sin;
            }

            return 2 * Math.Sqrt((re * re) + (im * im)) / heard.Length;
        }
    }
}
