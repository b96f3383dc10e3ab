// Calls somebody and records both sides, left what is heard and right what is said. Space pauses and resumes, any other key hangs up.
//
//   dotnet run --project samples/RecordCall -- sip:echo@localhost call.opus
using Parley.Endpoint.Media;
using Parley.Media.Recording;
using Parley.Media.Streams;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent;

if (args.Length != 2 || !SipUri.TryParse(args[0], out SipUri? uri))
{
    Console.Error.WriteLine("usage: RecordCall sip:WHOM FILE.opus|FILE.wav");
    return 2;
}

await using SipUserAgent agent = await SipUserAgent.StartAsync();
await using AudioRecorder recorder = AudioRecorder.Create(args[1], RecordAs.Both);

// Phones that know it show that they are recorded; the others hear a tone.
Call call = agent.StartCall(uri, new CallOptions
{
    Audio = new CallAudio { Source = new MelodySource(), Recorder = recorder, HasRecordingTone = true },
});
_ = Task.Run(async () =>
{
    while (Console.ReadKey(intercept: true).Key == ConsoleKey.Spacebar)
    {
        if (call.Recording == RecordingState.Paused) await call.ResumeRecordingAsync();
        else await call.PauseRecordingAsync();
    }

    await call.HangUpAsync();
});
await foreach (CallEvent happened in call.Events) Console.WriteLine(happened);
return (await call.Ended).IsOrderly ? 0 : 1;
