// A menu by keys (IVR): 1 plays music, 2 is an echo, 3 transfers to an operator, * goes back to the menu, # hangs up.
//
//   dotnet run --project samples/Menu -- 5070 sip:operator@example.com prompt.wav
using System.Globalization;
using Menu;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Files;
using Parley.Media.Streams;
using Parley.Sip.Messages;
using Parley.UserAgent;

ushort port = args.Length > 0 ? ushort.Parse(args[0], CultureInfo.InvariantCulture) : (ushort)5070;
SipUri operatorUri = SipUri.Parse(args.Length > 1 ? args[1] : "sip:operator@localhost");
AudioFile.TryRead(args.Length > 2 ? args[2] : "prompt.wav", out PcmAudio? prompt, out _);
await using SipUserAgent agent = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(NetworkAddress.FromIPv4(0, port)) });
Console.WriteLine($"Call sip:127.0.0.1:{port} and press 1, 2, 3, * or #.");
await foreach (Call call in agent.IncomingCalls) _ = ServeAsync(call);

// Three rising notes where there is no prompt.
IAudioSource Prompt() => prompt is not null ? new PcmSource(prompt) : new ChimeSource(-16, (523, TimeSpan.FromSeconds(0.2)), (659, TimeSpan.FromSeconds(0.2)), (784, TimeSpan.FromSeconds(0.4)));

async Task ServeAsync(Call call)
{
    var echo = new EchoAudio();
    var voice = new ChangingSource(Prompt());
    try
    {
        await call.AnswerAsync(new CallAudio { Source = voice, Sink = echo });
        await foreach (CallEvent happened in call.Events)
        {
            switch (happened)
            {
                case DigitReceived { Digit: '1' }: voice.Say(new MelodySource()); break;
                case DigitReceived { Digit: '2' }: voice.Say(echo); break;
                case DigitReceived { Digit: '3' }: await call.TransferAsync(operatorUri); break;
                case DigitReceived { Digit: '*' }: voice.Say(Prompt()); break;
                case DigitReceived { Digit: '#' }: await call.HangUpAsync(); break;
            }
        }
    }
    catch (Exception problem) when (problem is CallFailedException or SipRequestException or InvalidOperationException)
    {
        Console.WriteLine($"{call.RemoteUri}: {problem.Message}");
        await call.HangUpAsync();
    }
}
