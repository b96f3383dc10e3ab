using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Phone.Settings;

/// <summary>What a phone is started with.</summary>
/// <param name="Accounts">As whom it calls and is called; one or more.</param>
/// <param name="Contacts">Whom its user knows.</param>
/// <param name="HasBell">Whether the terminal's bell rings.</param>
internal sealed record PhoneSettings(IReadOnlyList<AccountSettings> Accounts, IReadOnlyList<ContactSettings> Contacts, bool HasBell = true)
{
    /// <summary>What calls sound by.</summary>
    public SoundSettings Sound { get; init; } = new();
}

/// <summary>What calls sound by.</summary>
/// <param name="Microphone">The microphone's name; null for the one that the system takes.</param>
/// <param name="Speaker">The loudspeaker's name; null for the one that the system takes.</param>
internal sealed record SoundSettings(string? Microphone = null, string? Speaker = null)
{
    /// <summary>What is done to the microphone's sound.</summary>
    public SpeechProcessing Processing { get; init; } = SpeechProcessing.All;

    /// <summary>The tones that tell how a call goes; null for none.</summary>
    public TonePlan? Tones { get; init; } = TonePlan.European;
}

/// <summary>An account.</summary>
/// <param name="Agent">What its user agent is started with.</param>
/// <param name="Registers">Whether it is registered.</param>
/// <param name="QualityReport">Who is told how good its calls were; null for nobody.</param>
internal sealed record AccountSettings(SipUserAgentOptions Agent, bool Registers, SipUri? QualityReport = null);

/// <summary>A contact.</summary>
/// <param name="Name">What the user calls him.</param>
/// <param name="Uri">His address.</param>
/// <param name="Account">By which account: an index.</param>
internal sealed record ContactSettings(string Name, SipUri Uri, int Account);
