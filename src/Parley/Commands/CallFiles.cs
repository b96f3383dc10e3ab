using System.CommandLine;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Recording;
using Parley.Media.Streams;
using Parley.Output;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary>The options for what a call says and where it is recorded.</summary>
internal sealed class CallFiles
{
    private readonly Option<string?> _play = new("--play") { Description = "Play this file: WAV (16-bit PCM, 8 kHz or more) or Ogg Opus", HelpName = "F.wav" };
    private readonly Option<string?> _record = new("--record") { Description = "Record into this file: Ogg Opus when its name ends in .opus or .ogg, else WAV", HelpName = "F.wav" };
    private readonly Option<RecordAs?> _recordAs = Parsing.RecordedAs();
    private readonly Option<bool> _recordTone = new("--record-tone") { Description = "Let a tone sound each 15 s while recording, where the other side's phone does not show that (RFC 7866); the law may want it" };

    public CallFiles(Command command)
    {
        command.Add(_play);
        command.Add(_record);
        command.Add(_recordAs);
        command.Add(_recordTone);
    }

    /// <summary>True when there is a file to play.</summary>
    public bool HasPlay(ParseResult parse) => parse.GetValue(_play) is not null;

    /// <summary>Reads the file that is to be played, before anything is sent.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CommandException">It cannot be read, with the reason.</exception>
    public PcmAudio? ReadPlay(ParseResult parse)
    {
        if (parse.GetValue(_play) is not { } path) return null;
        return AudioFile.TryRead(path, out PcmAudio? audio, out AudioFileError error) ? audio : throw CommandException.Failed($"--play: {path}: {error}");
    }

    /// <summary>Opens the file that is recorded into, before anything is sent.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="number">Of the call: the second one's file is named <c>F-2.wav</c>, and so on.</param>
    /// <returns>Null when nothing is recorded.</returns>
    /// <exception cref="CommandException">It cannot be written, with the reason.</exception>
    public AudioRecorder? OpenRecord(ParseResult parse, int number = 1)
    {
        if (parse.GetValue(_record) is not { } path) return parse.GetValue(_recordAs) is null ? null : throw CommandException.Usage("--record-as needs --record: into what file?");
        if (number > 1) path = Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}-{number}{Path.GetExtension(path)}");
        try
        {
            return AudioRecorder.Create(path, parse.GetValue(_recordAs) ?? RecordAs.Received);
        }
        catch (Exception problem) when (problem is IOException or ArgumentException)
        {
            throw CommandException.Failed($"--record: {problem.Message}");
        }
    }

    /// <summary>True to let a tone sound while a call is recorded.</summary>
    /// <exception cref="CommandException">Nothing is recorded.</exception>
    public bool HasRecordTone(ParseResult parse) =>
        parse.GetValue(_recordTone) && (parse.GetValue(_record) is not null ? true : throw CommandException.Usage("--record-tone needs --record: what is recorded?"));

    /// <summary>What a call says and where it goes.</summary>
    public static CallAudio Join(PcmAudio? play, AudioRecorder? record, bool hangUpAfterPlay) => new()
    {
        Source = play is null ? null : new PcmSource(play),
        Recorder = record,
        HangUpAfterSource = hangUpAfterPlay && play is not null,
    };
}
