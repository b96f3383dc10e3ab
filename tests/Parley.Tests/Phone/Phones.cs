using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Phone.State;
using Parley.Rtp;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Registrations;

namespace Parley.Tests.Phone;

/// <summary>A phone's state, and the news that tests feed it with.</summary>
internal static class Phones
{
    public const string Bob = "sip:bob@example.com";
    public const string Carol = "sip:carol@example.com";

    /// <summary>Two accounts, two contacts.</summary>
    public static PhoneState Create() => new(
        [new PhoneAccount(SipUri.Parse("sip:alice@example.com"), registers: true), new PhoneAccount(SipUri.Parse("sip:alice@work.example"), registers: true)],
        [new PhoneContact("Bob", SipUri.Parse(Bob), 0), new PhoneContact("Zoë 日本", SipUri.Parse("sip:zoe@work.example"), 1)]);

    /// <summary>So many seconds after ten o'clock.</summary>
    public static Moment At(double seconds) => new(Instant.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)), new DateTimeOffset(2026, 3, 5, 10, 0, 0, TimeSpan.Zero).AddSeconds(seconds));

    public static PhoneNews Came(int call, string uri = Bob, string name = "", int? replaces = null) => new CallCame(0, call, $"id{call}", uri, name, "sip:alice@example.com", replaces);

    public static PhoneNews Went(int call, string uri = Bob) => new CallWent(0, call, $"id{call}", uri);

    public static PhoneNews Answered(int call, string codec = "PCMU") => new CallTold(call, new CallAnswered(codec));

    public static PhoneNews Over(int call, CallEndReason reason, int status, string phrase = "") => new CallOver(call, new CallEnd(reason, status, phrase));

    public static PhoneNews Registered(int account) => new RegistrationChanged(account, RegistrationState.Registered, TimeSpan.FromHours(1));

    public static PhoneNews Quality(int call, long received, long lost, double jitter, double? roundTrip) => new QualityMeasured(call, new AudioStatistics
    {
        Codec = "PCMU",
        Rtp = new RtpStatistics(0, 0, received, 0, lost, TimeSpan.FromMilliseconds(jitter), roundTrip is { } time ? TimeSpan.FromMilliseconds(time) : null, null, null, null),
    });
}
