// Calls somebody, plays a WAV file, and hangs up. Ctrl-C hangs up at once.
//
//   dotnet run --project samples/PlayFile -- sip:bob@192.0.2.1:5070 speech.wav
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Sip.Messages;
using Parley.UserAgent;

if (args.Length != 2 || !SipUri.TryParse(args[0], out SipUri? uri))
{
    Console.Error.WriteLine("usage: PlayFile sip:WHOM FILE.wav");
    return 2;
}

if (!AudioFile.TryRead(args[1], out PcmAudio? speech, out AudioFileError error))
{
    Console.Error.WriteLine($"{args[1]}: {error}");
    return 2;
}

await using SipUserAgent agent = await SipUserAgent.StartAsync();
Call call = agent.StartCall(uri, new CallOptions
{
    Audio = new CallAudio { Source = new PcmSource(speech!), HangUpAfterSource = true },
});
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    _ = call.HangUpAsync();
};
await foreach (CallEvent happened in call.Events) Console.WriteLine(happened);
return (await call.Ended).IsOrderly ? 0 : 1;
