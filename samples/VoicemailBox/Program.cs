// A mailbox: a caller hears a greeting and a tone, and leaves a message of two minutes at most; # ends it. Its owner calls and hears all messages.
//
//   dotnet run --project samples/VoicemailBox -- 5070 alice@example.com greeting.wav
using System.Globalization;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.UserAgent;
using VoicemailBox;

ushort port = args.Length > 0 ? ushort.Parse(args[0], CultureInfo.InvariantCulture) : (ushort)5070;
string owner = args.Length > 1 ? args[1] : "owner@localhost";
TimeSpan longest = TimeSpan.FromMinutes(2), pause = TimeSpan.FromMilliseconds(200);
AudioFile.TryRead(args.Length > 2 ? args[2] : "greeting.wav", out PcmAudio? greeting, out _);
Directory.CreateDirectory("messages");
await using SipUserAgent agent = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0, port)) });
await foreach (Call call in agent.IncomingCalls) _ = TakeAsync(call);

async Task TakeAsync(Call call)
{
    try
    {
        // Who says that he is the owner is believed here; a server would ask for a password.
        if (call.RemoteUri.EndsWith(":" + owner, StringComparison.Ordinal)) await PlayAsync(call);
        else await RecordAsync(call, Path.Combine("messages", $"{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}-{Guid.NewGuid():N}.wav"));
    }
    catch (CallFailedException problem)
    {
        Console.WriteLine($"{call.RemoteUri}: {problem.Message}");
    }
}

async Task RecordAsync(Call call, string path)
{
    IAudioSource tone = new ChimeSource(-16, (0, pause), (1000, pause));
    IAudioSource[] said = greeting is null ? [tone] : [new PcmSource(greeting), tone];
    await call.AnswerAsync(new CallAudio { Source = new Playlist(said) });
    await call.SourceEnded;
    await using AudioRecorder recorder = AudioRecorder.Create(path);
    if (!call.Ended.IsCompleted) await call.StartRecordingAsync(recorder);
    using var limit = new CancellationTokenSource(longest);
    try
    {
        await foreach (CallEvent happened in call.Events.WithCancellation(limit.Token))
        {
            if (happened is DigitReceived { Digit: '#' }) break;
        }
    }
    catch (OperationCanceledException)
    {
        // Two minutes are over.
    }

    await call.HangUpAsync();
    Console.WriteLine($"{call.RemoteUri} left {path}");
}

async Task PlayAsync(Call call)
{
    List<IAudioSource> all = [];
    foreach (string file in Directory.EnumerateFiles("messages").Order(StringComparer.Ordinal))
    {
        if (AudioFile.TryRead(file, out PcmAudio? message, out _)) all.AddRange([new PcmSource(message!), new ChimeSource(-16, (698, pause), (0, pause))]);
    }

    await call.AnswerAsync(new CallAudio { Source = new Playlist([.. all]), HangUpAfterSource = true });
}
