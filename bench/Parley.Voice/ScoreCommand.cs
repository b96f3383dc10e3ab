using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Parley.Media.Files;

namespace Parley.Voice;

/// <summary><c>parley-voice score</c>: how speech sounds that was recorded behind a network.</summary>
internal static class ScoreCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var said = new Option<FileInfo>("--said") { Required = true, Description = "A WAV file with what was said, 16 bit.", HelpName = "FILE" };
        var heard = new Option<FileInfo>("--heard") { Required = true, Description = "A WAV file with what was heard, begun at most half a second before what was said.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "A JSON object." };
        var command = new Command("score", "How well speech is understood that was recorded behind a network, and how much a listener finds wrong with it.\n\n  parley-voice score --said speech.wav --heard recording.wav") { said, heard, json };
        command.SetAction(parse =>
        {
            if (!SpeechFile.TryRead(parse.GetValue(said)!, out PcmAudio? original, out string problem) || !SpeechFile.TryRead(parse.GetValue(heard)!, out PcmAudio? recording, out problem))
            {
                errors.WriteLine($"parley-voice: {problem}");
                return 1;
            }

            Intelligibility intelligibility = Intelligibility.Of(original!.Samples.Span, original.SampleRate, recording!.Samples.Span, recording.SampleRate);
            Degradation degradation = Degradation.Of(original.Samples.Span, original.SampleRate, recording.Samples.Span, recording.SampleRate);
            output.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { score = intelligibility.Score, opinion = degradation.Opinion, difference = degradation.Difference, addition = degradation.Addition })
                : string.Create(CultureInfo.InvariantCulture, $"score={intelligibility.Score:0.000} opinion={degradation.Opinion:0.00} difference={degradation.Difference:0.000} addition={degradation.Addition:0.000}"));
            return 0;
        });
        return command;
    }
}
