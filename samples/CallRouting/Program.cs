// A server with four rules of its own, each a page: who hides is refused, national numbers become international ones, the hotline
// is closed at night, and calls to the telephone network take the cheapest gateway that works.
//
//   dotnet run --project samples/CallRouting          (configured by parley.json, as parley serve is)
using CallRouting;
using Parley.Server.Application;
using Parley.Sip.Messages;

await using ParleyApplication app = ParleyApplication.Create();
app.Use(BlockAnonymous.Run);
app.Use(_ => new NumberTranslation(countryCode: "49"));
app.Use(lane => new OfficeHours(lane.Loop.Time, TimeZoneInfo.Local, "hotline", SipUri.Parse("sip:music@localhost")));
app.Use(_ => new LeastCost(
[
    new Rate("+49", SipUri.Parse("sip:berlin.gateway.example"), 0.9m),
    new Rate("+", SipUri.Parse("sip:world.gateway.example"), 2.5m),
    new Rate("+4930", SipUri.Parse("sip:local.gateway.example"), 0.1m),
]));
await app.RunAsync();
