// An answering machine: takes every call, beeps, and records it until the caller hangs up. Ctrl-C ends it.
//
//   dotnet run --project samples/AnswerAndRecord -- 5070
using System.Globalization;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.UserAgent;

ushort port = args.Length > 0 ? ushort.Parse(args[0], CultureInfo.InvariantCulture) : (ushort)5070;
await using SipUserAgent agent = await SipUserAgent.StartAsync(new SipUserAgentOptions
{
    Listen = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0, port)),
});
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true;
    stop.Cancel();
};
Console.WriteLine($"Call sip:127.0.0.1:{port}");
List<Task> recordings = [];
try
{
    await foreach (Call call in agent.IncomingCalls.WithCancellation(stop.Token)) recordings.Add(RecordAsync(call, recordings.Count + 1));
}
catch (OperationCanceledException)
{
    // Ctrl-C: the end of the agent hangs up what is still there, and each recording is closed when its call has ended.
}

await agent.DisposeAsync();
await Task.WhenAll(recordings);

static async Task RecordAsync(Call call, int number)
{
    string path = $"message-{number}.wav";
    await using AudioRecorder recorder = AudioRecorder.Create(path);
    try
    {
        await call.AnswerAsync(new CallAudio { Source = new PcmSource(Beep()), Recorder = recorder });
        CallEnd end = await call.Ended;
        Console.WriteLine($"{call.RemoteUri}: {path}, {end}");
    }
    catch (CallFailedException problem)
    {
        Console.WriteLine($"{call.RemoteUri}: {problem.Message}");
    }
}

// Half a second of 1 kHz.
static PcmAudio Beep()
{
    var samples = new short[4000];
    for (int i = 0; i < samples.Length; i++) samples[i] = (short)(8000 * Math.Sin(2 * Math.PI * i / 8));
    return new PcmAudio(samples, 8000, 1);
}
