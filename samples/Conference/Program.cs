// A server with a room: everybody who calls sip:room@localhost hears all others, and a chime when somebody comes or goes.
//
//   dotnet run --project samples/Conference           (configured by parley.json, as parley serve is)
using Parley.Media.Mixing;
using Parley.Media.Streams;
using Parley.Server.Application;
using Parley.UserAgent;

TimeSpan note = TimeSpan.FromMilliseconds(180);
var mixer = new Mixer();
await using ParleyApplication app = ParleyApplication.Create();
app.MapInvite("room", async call =>
{
    MixerParty party = mixer.Join();
    try
    {
        await call.AnswerAsync(new CallAudio { Source = party.Source, Sink = party.Sink });
        mixer.Play(new ChimeSource(-30, (523, note), (784, note)));
        await call.Ended;
    }
    finally
    {
        mixer.Leave(party);
        mixer.Play(new ChimeSource(-30, (784, note), (523, note)));
    }
});
using var beat = new PeriodicTimer(Mixer.Beat);
_ = MixAsync();
await app.RunAsync();

async Task MixAsync()
{
    while (await beat.WaitForNextTickAsync()) mixer.Mix();
}
