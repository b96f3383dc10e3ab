using Parley.Core;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Events;

/// <summary>An event package as this server has it for its users: who may watch, what may be published, and what the state is.</summary>
/// <remarks>One instance serves all lanes: it keeps nothing. How to add one: docs/recipes/add-an-event-package.md.</remarks>
internal abstract class ServerPackage(EventPackage package)
{
    /// <summary>The package.</summary>
    public EventPackage Package { get; } = package;

    /// <summary>True when others than the user may watch, as far as the configuration lets them; else it is the user's own business.</summary>
    public virtual bool IsForOthers => false;

    /// <summary>True when users may publish.</summary>
    public virtual bool TakesPublications => false;

    /// <summary>True when a published body can be used.</summary>
    public virtual bool IsWellFormed(ReadOnlySpan<byte> body) => false;

    /// <summary>Writes the whole state.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="version">The number of the document in its subscription; null to compare what was told with what is, without what changes with time alone.</param>
    public abstract byte[] Write(in WatchedUser user, uint? version);

    /// <summary>Writes what changed since something was told; the whole state unless a package can do better.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="version">The number of the document in its subscription.</param>
    /// <param name="told">What the package keeps of the last document; null when the whole state is due.</param>
    public virtual byte[] WriteChanges(in WatchedUser user, uint version, ref object? told) => Write(user, version);
}

/// <summary>What the state of a user is made of.</summary>
/// <param name="AddressOfRecord">The canonical address of record.</param>
/// <param name="Contacts">His registered contacts.</param>
/// <param name="Published">What was published.</param>
/// <param name="Watchers">Who watches his presence.</param>
/// <param name="Now">The time.</param>
internal readonly record struct WatchedUser(string AddressOfRecord, IReadOnlyList<RegisteredContact> Contacts, IReadOnlyList<PublishedState> Published, IReadOnlyList<Watcher> Watchers, Instant Now)
{
    /// <summary>The calls that the proxy sees.</summary>
    public IReadOnlyList<DialogInfoEntry> Dialogs { get; init; } = [];

    /// <summary>The messages in his mailbox: those not heard yet, and the others.</summary>
    public (int New, int Old) Voicemail { get; init; }

    /// <summary>True when it is told with whom he speaks.</summary>
    public bool ShowsWhom { get; init; }

    /// <summary>The user's URI.</summary>
    public string Uri => "sip:" + System.Uri.EscapeDataString(AddressOfRecord[..AddressOfRecord.LastIndexOf('@')]) + AddressOfRecord[AddressOfRecord.LastIndexOf('@')..];
}

/// <summary>A contact that is registered.</summary>
/// <param name="Uri">Its address.</param>
/// <param name="Preference">q in thousandths.</param>
/// <param name="ExpiresSeconds">The time left.</param>
/// <param name="Source">The flow that it registered over; empty when that is not known.</param>
internal sealed record RegisteredContact(string Uri, int Preference, int ExpiresSeconds, string Source)
{
    /// <summary>A name that the contact keeps and that does not tell its address.</summary>
    public string Id => "c" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Uri)).AsSpan(0, 6));
}
