using Parley.Sip.Messages;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.State;

/// <summary>Somebody as whom this phone calls and is called.</summary>
internal sealed class PhoneAccount(SipUri? uri, bool registers)
{
    /// <summary>Who; null for a phone that only calls, as nobody.</summary>
    public SipUri? Uri => uri;

    /// <summary>What it is called: its address, or that it has none.</summary>
    public string Name { get; } = uri is null ? "no account" : $"{uri.User}@{uri.Host}";

    /// <summary>Where its registration is.</summary>
    public RegistrationState Registration { get; internal set; }

    /// <summary>Why it is not registered, in words; null while nothing is known to be wrong.</summary>
    public string? Trouble { get; internal set; }

    /// <summary>True when messages wait for it.</summary>
    public bool HasMessages { get; internal set; }

    /// <summary>New voice messages, where a number is told.</summary>
    public long NewVoiceMessages { get; internal set; }

    /// <summary>Whether others are shown that the user can be reached; null while nothing is published.</summary>
    public bool? IsOpen { get; internal set; }

    /// <summary>The state in words.</summary>
    public string Words => (Registration, registers) switch
    {
        (_, false) => uri is null ? "calls only, by address" : "not registered: it only calls",
        (RegistrationState.Registered, _) => "registered",
        (RegistrationState.Registering, _) when Trouble is null => "registering",
        (RegistrationState.Unregistering, _) => "unregistering",
        _ => $"not registered{(Trouble is null ? "" : $": {Trouble}")}",
    };
}
