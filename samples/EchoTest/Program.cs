// Calls an echo service, sends a tone for two seconds, and says whether it came back.
//
//   dotnet run --project samples/EchoTest -- sip:echo@localhost
using EchoTest;
using Parley.Endpoint.Media;
using Parley.Media.Streams;
using Parley.UserAgent;

string uri = args.Length > 0 ? args[0] : "sip:echo@localhost";
var ear = new LoudnessMeter();
await using SipUserAgent agent = await SipUserAgent.StartAsync();
try
{
    Call call = await agent.CallAsync(uri, new CallOptions
    {
        Audio = new CallAudio { Source = new ToneSource(440, 0, TimeSpan.FromSeconds(2), TimeSpan.Zero), Sink = ear },
    });
    await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
    await call.HangUpAsync();
    AudioStatistics statistics = (await call.GetStatisticsAsync())!;
    Console.WriteLine($"{statistics.Rtp.PacketsSent} packets sent, {statistics.Rtp.PacketsReceived} received, {statistics.Rtp.PacketsLost} lost");
    Console.WriteLine(ear.Loudest > 1000 ? "The tone came back." : "Nothing came back.");
    return ear.Loudest > 1000 ? 0 : 1;
}
catch (CallFailedException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
