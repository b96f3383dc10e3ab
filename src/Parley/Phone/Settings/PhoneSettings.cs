using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Phone.Settings;

/// <summary>What a phone is started with.</summary>
/// <param name="Accounts">As whom it calls and is called; one or more.</param>
/// <param name="Contacts">Whom its user knows.</param>
/// <param name="HasBell">Whether the terminal's bell rings.</param>
internal sealed record PhoneSettings(IReadOnlyList<AccountSettings> Accounts, IReadOnlyList<ContactSettings> Contacts, bool HasBell = true);

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
