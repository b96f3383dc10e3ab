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
        var bursts = new Option<string>("--burst") { Description = "Packets lost one after the other, on average.", HelpName = "LIST", DefaultValueFactory = _ => "1" };
        var overtaking = new Option<bool>("--overtaking") { Description = "Packets may overtake each other." };
        var redundancy = new Option<string>("--redundancy") { Description = "Whether both sides know RED (RFC 2198), so that packets may hold earlier ones again: off, auto or both, one after the other.", HelpName = "USE", DefaultValueFactory = _ => "both" };
        redundancy.AcceptOnlyFromAmong("off", "auto", "both");
        var runs = new Option<int>("--runs") { Description = "Calls for each case, with other packets lost in each.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var seed = new Option<int>("--seed") { Description = "Of the first call.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "A JSON object per line." };
        var keep = new Option<DirectoryInfo?>("--keep") { Description = "Keeps what was heard in each call, as WAV files.", HelpName = "FOLDER" };
        var svg = new Option<FileInfo?>("--svg") { Description = "Draws scores and delays into this file.", HelpName = "FILE" };
        var command = new Command("sweep", "Speech through each codec at each loss and jitter.\n\n  parley-voice sweep --speech speech.wav --loss 0,10 --jitter 0,60 --overtaking") { speech, names, losses, jitters, bursts, overtaking, redundancy, runs, seed, json, keep, svg };
        command.SetAction(parse =>
        {
            FileInfo file = parse.GetValue(speech)!;
            if (!SpeechFile.TryRead(file, out PcmAudio? audio, out string problem))
            {
                errors.WriteLine($"parley-voice: {problem}");
                return 1;
            }

            AudioCodecs? codecs = parse.GetValue(names) is { } list ? AudioCodecs.All.Select(list, out _) : AudioCodecs.All;
            if (codecs is null || !TryNumbers(parse.GetValue(losses)!, out double[] lossPercents) || !TryNumbers(parse.GetValue(jitters)!, out double[] milliseconds) || !TryNumbers(parse.GetValue(bursts)!, out double[] runLengths))
            {
                errors.WriteLine("parley-voice: --codecs, --loss, --jitter or --burst has something that is unknown here; see parley-voice sweep --help");
                return 2;
            }

            DirectoryInfo? folder = parse.GetValue(keep);
            folder?.Create();
            List<SweepRow> rows = [];
            if (!parse.GetValue(json)) output.WriteLine($"{"codec",-12}{"network",-18}{"score",7}{"opinion",9}{"delay ms",10}{"95 %",8}{"lost %",8}{"late %",8}{"recov.",8}{"shorter",9}{"longer",9}{"kbit/s",8}");
            var cases =
                from codec in codecs.Span.ToArray()
                from isRedundant in (bool[])[false, true]
                where parse.GetValue(redundancy) is "both" || isRedundant == (parse.GetValue(redundancy) == "auto")
                where codec.SuitsRedundancy || !isRedundant
                from jitter in milliseconds
                from burst in runLengths
                from loss in lossPercents
                select (codec, isRedundant, new NetworkConditions(loss, burst, TimeSpan.FromMilliseconds(jitter), parse.GetValue(overtaking) && jitter > 0));
            foreach ((IAudioCodec codec, bool isRedundant, NetworkConditions conditions) in cases)
            {
                SweepRow row = SweepRow.Measure(audio!, codec, isRedundant, conditions, parse.GetValue(runs), parse.GetValue(seed), folder);
                rows.Add(row);
                output.WriteLine(parse.GetValue(json) ? JsonSerializer.Serialize(row) : row.ToString());
            }

            if (parse.GetValue(svg) is { } picture) File.WriteAllText(picture.FullName, SweepPlot.Draw(rows));
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
}
