using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Parley.Media.Codecs;
using Parley.Media.Files;

namespace Parley.Voice;

/// <summary><c>parley-voice sweep</c>: speech through each codec at each loss and jitter, as a table.</summary>
internal static class SweepCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var speech = new Option<FileInfo>("--speech") { Required = true, Description = "A WAV file with speech, 16 bit.", HelpName = "FILE" };
        var names = new Option<string?>("--codecs") { Description = "Which codecs; all when absent.", HelpName = "NAMES" };
        var losses = new Option<string>("--loss") { Description = "Percent.", HelpName = "LIST", DefaultValueFactory = _ => "0,1,3,5,10,20,30" };
        var jitters = new Option<string>("--jitter") { Description = "Milliseconds.", HelpName = "LIST", DefaultValueFactory = _ => "0,30,60,120" };
        var bursts = new Option<double>("--burst") { Description = "Packets lost one after the other, on average.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var overtaking = new Option<bool>("--overtaking") { Description = "Packets may overtake each other." };
        var redundancy = new Option<bool>("--redundancy") { Description = "Both sides know RED (RFC 2198): packets may hold earlier ones again." };
        var runs = new Option<int>("--runs") { Description = "Calls for each case, with other packets lost in each.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var seed = new Option<int>("--seed") { Description = "Of the first call.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "A JSON object per line." };
        var keep = new Option<DirectoryInfo?>("--keep") { Description = "Keeps what was heard in each call, as WAV files.", HelpName = "FOLDER" };
        var command = new Command("sweep", "Speech through each codec at each loss and jitter.\n\n  parley-voice sweep --speech speech.wav --loss 0,10 --jitter 0,60 --overtaking") { speech, names, losses, jitters, bursts, overtaking, redundancy, runs, seed, json, keep };
        command.SetAction(parse =>
        {
            FileInfo file = parse.GetValue(speech)!;
            if (!TryRead(file, out PcmAudio? audio, out string problem))
            {
                errors.WriteLine($"parley-voice: {problem}");
                return 1;
            }

            AudioCodecs? codecs = parse.GetValue(names) is { } list ? AudioCodecs.All.Select(list, out _) : AudioCodecs.All;
            if (codecs is null || !TryNumbers(parse.GetValue(losses)!, out double[] lossPercents) || !TryNumbers(parse.GetValue(jitters)!, out double[] milliseconds))
            {
                errors.WriteLine("parley-voice: --codecs, --loss or --jitter has something that is unknown here; see parley-voice sweep --help");
                return 2;
            }

            DirectoryInfo? folder = parse.GetValue(keep);
            folder?.Create();
            if (!parse.GetValue(json)) output.WriteLine($"{"codec",-12}{"network",-18}{"score",7}{"delay ms",10}{"95 %",8}{"lost %",8}{"late %",8}{"recov.",8}{"shorter",9}{"longer",9}{"kbit/s",8}");
            foreach (IAudioCodec codec in codecs.Span)
            {
                foreach (double jitter in milliseconds)
                {
                    foreach (double loss in lossPercents)
                    {
                        var conditions = new NetworkConditions(loss, parse.GetValue(bursts), TimeSpan.FromMilliseconds(jitter), parse.GetValue(overtaking) && jitter > 0);
                        SweepRow row = SweepRow.Measure(audio!, codec, parse.GetValue(redundancy) && codec.SuitsRedundancy, conditions, parse.GetValue(runs), parse.GetValue(seed), folder);
                        output.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(row) : row.ToString());
                    }
                }
            }

            return 0;
        });
        return command;

        static bool TryNumbers(string text, out double[] numbers)
        {
            numbers = [];
            foreach (string word in text.Split(','))
            {
                if (!double.TryParse(word, CultureInfo.InvariantCulture, out double number) || number is < 0 or > 1000) return false;
                numbers = [.. numbers, number];
            }

            return true;
        }
    }

    private static bool TryRead(FileInfo file, out PcmAudio? audio, out string problem)
    {
        audio = null;
        try
        {
            using FileStream stream = file.OpenRead();
            if (WavReader.TryRead(stream, out audio, out WavError error))
            {
                audio = audio!.ToMono();
                problem = "";
                return true;
            }

            problem = $"{file} is no WAV file that can be read ({error})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }

        return false;
    }
}
