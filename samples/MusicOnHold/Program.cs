// Answers calls and talks; Enter puts all callers on hold, where they hear music, and takes them back.
//
//   dotnet run --project samples/MusicOnHold -- 5070 speech.wav music.opus
using System.Globalization;
using MusicOnHold;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.UserAgent;

ushort port = args.Length > 0 ? ushort.Parse(args[0], CultureInfo.InvariantCulture) : (ushort)5070;
PcmAudio? speech = null, music = null;
if (args.Length > 1 && !AudioFile.TryRead(args[1], out speech, out AudioFileError wrong)) Console.Error.WriteLine($"{args[1]}: {wrong}");
if (args.Length > 2 && !AudioFile.TryRead(args[2], out music, out wrong)) Console.Error.WriteLine($"{args[2]}: {wrong}");
await using SipUserAgent agent = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0, port)) });
List<SwitchedSource> callers = [];
bool isOnHold = false;
_ = Task.Run(async () =>
{
    await foreach (Call call in agent.IncomingCalls)
    {
        var source = new SwitchedSource(
            speech is null ? new SilenceSource() : new PcmSource(speech, repeats: true),
            music is null ? new MelodySource() : new PcmSource(music, repeats: true)) { IsSecond = isOnHold };
        lock (callers) callers.Add(source);
        _ = call.AnswerAsync(new CallAudio { Source = source });
    }
});
Console.WriteLine($"Call sip:127.0.0.1:{port}; Enter holds and resumes.");
while (Console.ReadLine() is not null)
{
    isOnHold = !isOnHold;
    lock (callers) callers.ForEach(caller => caller.IsSecond = isOnHold);
    Console.WriteLine(isOnHold ? "on hold" : "talking");
}
