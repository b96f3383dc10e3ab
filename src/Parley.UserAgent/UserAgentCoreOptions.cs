using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Registrations;

namespace Parley.UserAgent;

/// <summary>Who a user agent is, what it can do, and what it bounds.</summary>
public sealed record UserAgentCoreOptions
{
    /// <summary>The name of this device among those of its user, a URN such as <c>urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6</c>, which whoever gives it keeps for as long as the device lasts.</summary>
    /// <value>Null, the default, registers an address that anybody may reach. With a name the registration is bound to the flow that it goes over (RFC 5626), which is kept open, and calls
    /// have the GRUU that the registrar gives the device (RFC 5627).</value>
    public string? Instance { get; init; }

    /// <summary>The address of record that calls and registrations are made as: <c>sip:alice@example.com</c>; null calls itself parley at the address that it calls from.</summary>
    public SipUri? Identity { get; init; }

    /// <summary>The name that people are shown with the identity.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The user name for digest authentication; null takes the user of the identity.</summary>
    public string? UserName { get; init; }

    /// <summary>The password; null answers no challenge.</summary>
    public string? Password { get; init; }

    /// <summary>Where everything but what stays in a dialog goes first: <c>sip:proxy.example.com;transport=tcp;lr</c>; null sends to where the URI leads.</summary>
    /// <remarks>A proxy without <c>lr</c> is taken for a loose router all the same. Source: RFC 3261 8.1.2.</remarks>
    public SipUri? OutboundProxy { get; init; }

    /// <summary>The codecs, the preferred one first.</summary>
    public AudioCodecs Codecs { get; init; } = AudioCodecs.Default;

    /// <summary>Whether packets may hold the sound of earlier ones again, where the other side takes that, for as long as it reports losses.</summary>
    /// <value>True unless unset. Source: RFC 2198.</value>
    public bool Redundancy { get; init; } = true;

    /// <summary>Whether packets are sent while nobody speaks.</summary>
    /// <value>Unless the other side asks for comfort noise, which only who wants to save packets does.</value>
    /// <remarks>Source: RFC 3389, RFC 3551 4.1.</remarks>
    public SilenceSuppression Silence { get; init; }

    /// <summary>Whether packets say how loud they are, for mixers and meters, where the other side knows that.</summary>
    /// <value>False unless set: with SRTP too everybody on the way can read it (RFC 6464 6).</value>
    public bool AudioLevels { get; init; }

    /// <summary>Whether the sound of calls is protected by SRTP, with keys in the session descriptions.</summary>
    /// <value>Off unless set: such keys are for signalling that is encrypted (RFC 4568 8.3, RFC 8643 4), and only who sets this up knows that.</value>
    public SrtpUse Srtp { get; init; }

    /// <summary>The address that media is bound to; the default value takes that of the interface towards the other side.</summary>
    public NetworkAddress MediaAddress { get; init; }

    /// <summary>The address that others are told to send media to, when it is not the bound one.</summary>
    public NetworkAddress AdvertisedMediaAddress { get; init; }

    /// <summary>Who hears that any call is established or over, besides the call's own observer; null for nobody.</summary>
    public ICallObserver? Listener { get; init; }

    /// <summary>Calls at once, beyond which incoming ones get 486 and outgoing ones fail.</summary>
    /// <value>1 or more; 100 unless set.</value>
    public int MaxCalls { get; init; } = 100;

    /// <summary>Subscriptions at once, this side's and others', beyond which others' get 503 and this side's fail.</summary>
    /// <value>1 or more; 1,000 unless set.</value>
    public int MaxSubscriptions { get; init; } = 1000;

    /// <summary>How often the other side of an established call is asked whether it still knows it.</summary>
    /// <value>0, the default, never asks: right for a phone, whose user hears silence. A server's services should ask.</value>
    public TimeSpan AliveInterval { get; init; }

    /// <summary>How long a session may last without a refresh, so that a side which crashed does not leave the call behind.</summary>
    /// <value>0, the default, asks for nothing, and does as the other side asks; else 90 s to 24 hours, of which RFC 4028 4 recommends 30 minutes.</value>
    public TimeSpan SessionExpiry { get; init; }

    /// <summary>The shortest session interval that others may ask for.</summary>
    /// <value>90 s, the least that there is (RFC 4028 4), to 24 hours.</value>
    public TimeSpan MinSessionExpiry { get; init; } = SessionTimer.Least;

    /// <summary>The Info Packages that programs take in calls: INFOs of these are told, those of others are refused with 469.</summary>
    /// <value>Tokens, compared with their case; none unless set.</value>
    /// <remarks>Keys that come by INFO in the older way are taken in any case. Source: RFC 6086.</remarks>
    public IReadOnlyList<string> InfoPackages { get; init; } = [];

    /// <summary>Whether this side takes in that the other one records a call: it says <c>record-aware</c>, and is told by <see cref="ICallObserver.OnRecorded"/>.</summary>
    /// <value>False unless set: who says so has to show it to its user. Source: RFC 7866 6.3.</value>
    public bool IsRecordAware { get; init; }

    /// <summary>Whether this side wants its calls to be recorded by others; they are told so and do as they like.</summary>
    /// <value>No preference unless set. Source: RFC 7866 7.3.2.</value>
    public RecordingPreference RecordingPreference { get; init; }

    /// <summary>Whether this side's recorders hear nothing while the other side wants its call not to be recorded, or the recording to be paused.</summary>
    /// <value>True unless unset: RFC 7866 7.1.3 leaves it to this side.</value>
    public bool HonorsRecordingPreference { get; init; } = true;

    /// <summary>Whether its calls are parts of conferences: it says <c>isfocus</c> in its Contact.</summary>
    /// <remarks>Source: RFC 4579 4.2, 4.3.</remarks>
    public bool IsFocus { get; init; }

    /// <summary>Value of User-Agent and Server.</summary>
    public string Product { get; init; } = "Parley";

    /// <summary>How this phone is woken when it sleeps; null, the default, does not ask for it.</summary>
    /// <remarks>Whoever hears of a push notification registers once more. Source: RFC 8599.</remarks>
    public PushParameters? Push { get; init; }

    /// <summary>How long a registration is asked to last.</summary>
    /// <value>1 hour unless set, as RFC 3261 10.2 suggests where nothing is said; 1 second or more.</value>
    public TimeSpan RegistrationExpiry { get; init; } = TimeSpan.FromHours(1);

    private static bool IsUrn(string text) =>
        text.Length is > 4 and <= 200 && text.StartsWith("urn:", StringComparison.OrdinalIgnoreCase) && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_.!~*'();/?:@&=+$,%".Contains(c, StringComparison.Ordinal));

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (Identity is { IsSip: false }) throw new ArgumentException($"{nameof(Identity)} must be a SIP URI such as sip:alice@example.com, not {Identity}.");
        if (OutboundProxy is { IsSip: false }) throw new ArgumentException($"{nameof(OutboundProxy)} must be a SIP URI such as sip:192.0.2.1:5060;transport=tcp;lr, not {OutboundProxy}.");
        if (Instance is not null && !IsUrn(Instance)) throw new ArgumentException($"{nameof(Instance)} must be a URN such as urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6, not {Instance}.");
        if (DisplayName is not null && DisplayName.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException($"{nameof(DisplayName)} must be one line.");
        if (Product.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException($"{nameof(Product)} must be one line.");
        if (MaxCalls < 1) throw new ArgumentException($"{nameof(MaxCalls)} must be 1 or more.");
        if (MaxSubscriptions < 1) throw new ArgumentException($"{nameof(MaxSubscriptions)} must be 1 or more.");
        if (AliveInterval < TimeSpan.Zero) throw new ArgumentException($"{nameof(AliveInterval)} must be 0 or more.");
        if (SessionExpiry != TimeSpan.Zero && (SessionExpiry < SessionTimer.Least || SessionExpiry > SessionRefresh.Longest)) throw new ArgumentException($"{nameof(SessionExpiry)} must be 0, or 90 seconds to 24 hours.");
        if (MinSessionExpiry < SessionTimer.Least || MinSessionExpiry > SessionRefresh.Longest) throw new ArgumentException($"{nameof(MinSessionExpiry)} must be 90 seconds to 24 hours.");
        if (Push is { } push && (!WireText.IsToken(push.Provider) || push.Prid.Length is 0 or > 1024 || push.Parameter is { Length: 0 or > 1024 })) throw new ArgumentException($"{nameof(Push)} needs a provider that is a token, and a prid and a parameter of 1 to 1024 characters.");
        if (RegistrationExpiry < TimeSpan.FromSeconds(1)) throw new ArgumentException($"{nameof(RegistrationExpiry)} must be 1 second or more.");
        foreach (string package in InfoPackages)
        {
            if (!WireText.IsToken(package)) throw new ArgumentException($"{nameof(InfoPackages)} must be tokens, not {package}.");
        }

        if (Password is null) return;
        string user = UserName ?? Identity?.User ?? throw new ArgumentException($"{nameof(Password)} needs a {nameof(UserName)}, or an {nameof(Identity)} with a user.");
        if (user.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException($"{nameof(UserName)}, or the user of {nameof(Identity)} without one, must be one line.");
    }
}
