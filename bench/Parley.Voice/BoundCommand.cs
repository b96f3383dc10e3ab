using System.CommandLine;
using System.Globalization;
using Parley.Media.Codecs;
using Parley.Media.Files;

namespace Parley.Voice;

/// <summary><c>parley-voice bounds</c>: what a codec could sound like over a lossy wire if playout knew everything.</summary>
internal static class BoundCommand
{
    private static readonly double[] Losses = [0, 1, 3, 5, 10, 20, 30];

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var speech = new Option<FileInfo>("--speech") { Required = true, Description = "A WAV file with speech, 16 bit.", HelpName = "FILE" };
        var runs = new Option<int>("--runs") { Description = "Calls for each case, with other packets lost in each.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var command = new Command("bounds", "What each codec could sound like if every packet that comes were there in time: by FEC, its own concealment, or the last packet again.") { speech, runs };
        command.SetAction(parse =>
        {
            if (!SpeechFile.TryRead(parse.GetValue(speech)!, out PcmAudio? audio, out string problem))
            {
                errors.WriteLine($"parley-voice: {problem}");
                return 1;
            }

            output.WriteLine($"{"codec",-8}{"what is done",-14}{"network",-12}{"score",7}{"mos",7}{"difference",12}{"addition",10}");
            foreach ((string name, Filling filling) in ((string, Filling)[])[("opus", Filling.Fec), ("opus", Filling.Conceal), ("pcmu", Filling.Repeat)])
            {
                if (AudioCodecs.All.Select(name, out _) is not { } found) continue;
                IAudioCodec codec = found.Span[0];
                foreach (NetworkConditions conditions in Losses.Select(loss => new NetworkConditions(loss, 1, TimeSpan.Zero, false)).Append(new NetworkConditions(10, 3, TimeSpan.Zero, false)))
                {
                    double score = 0, mos = 0, difference = 0, addition = 0;
                    int count = parse.GetValue(runs);
                    for (int run = 0; run < count; run++)
                    {
                        short[] heard = PerfectPlayout.Run(audio!, codec, filling, conditions, 1 + (run * 1000));
                        Degradation degradation = Degradation.Of(audio!.Samples.Span, audio.SampleRate, heard, codec.Format.SampleRate);
                        score += Intelligibility.Of(audio.Samples.Span, audio.SampleRate, heard, codec.Format.SampleRate).Score / count;
                        (mos, difference, addition) = (mos + (degradation.Opinion / count), difference + (degradation.Difference / count), addition + (degradation.Addition / count));
                    }

                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-8}{filling,-14}{conditions,-12}{score,7:0.000}{mos,7:0.00}{difference,12:0.000}{addition,10:0.000}"));
                }
            }

            return 0;
        });
        return command;
    }
}
