using System.Collections.Concurrent;
using Parley.Commands;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Output;
using Parley.UserAgent;

namespace Parley.Phone.Sound;

/// <summary>Sound of files: each call hears the same one from its beginning, and is recorded into one of its own.</summary>
/// <param name="play">What is played; null for silence.</param>
/// <param name="echoes">True to send back what is heard instead.</param>
/// <param name="hasRecordTone">True to let a tone sound while a call is recorded.</param>
/// <param name="openRecord">Opens a call's recording by its number; gives null when nothing is recorded.</param>
/// <param name="whyNoDevices">Why calls have no sound devices; null when nobody asked for them.</param>
internal sealed class FileSound(PcmAudio? play, bool echoes, bool hasRecordTone, Func<int, AudioRecorder?> openRecord, string? whyNoDevices = null) : IPhoneSound
{
    private readonly ConcurrentDictionary<int, AudioRecorder> _records = [];

    public string Words => (echoes, play) switch
    {
        (true, _) => "no sound devices: calls hear themselves (--echo)",
        (_, null) => $"no sound devices{(whyNoDevices is null ? "" : $" ({whyNoDevices})")}: calls hear silence (--play F.wav plays a file, --record F.wav records, --echo sends back)",
        _ => "no sound devices: calls hear the file of --play",
    };

    public CallAudio Open(int call)
    {
        AudioRecorder? record = openRecord(call);
        if (record is not null) _records[call] = record;
        return (echoes ? CallAudio.Echo() with { Recorder = record } : CallFiles.Join(play, record, hangUpAfterPlay: false)) with { HasRecordingTone = hasRecordTone };
    }

    public async Task<string?> CloseAsync(int call, CallTone? tone = null)
    {
        if (!_records.TryRemove(call, out AudioRecorder? record)) return null;
        try
        {
            await CallReport.CloseAsync(record).ConfigureAwait(false);
            return null;
        }
        catch (CommandException problem)
        {
            return problem.Message;
        }
    }
}
