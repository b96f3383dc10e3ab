using Parley.Sip.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Events.Dialogs;

/// <summary>The calls of a user: those that the proxy sees, and what his phones publish in the place of what it sees of them.</summary>
/// <remarks>After the first document only what changed is told. Source: RFC 4235 3, 4.3.</remarks>
internal sealed class DialogsOfUsers() : ServerPackage(EventPackages.Dialog)
{
    private const int MaxDialogs = 256;

    /// <inheritdoc/>
    public override bool IsForOthers => true;

    /// <inheritdoc/>
    public override bool TakesPublications => true;

    /// <inheritdoc/>
    public override bool IsWellFormed(ReadOnlySpan<byte> body) => DialogInfo.TryRead(body, out _);

    /// <inheritdoc/>
    public override byte[] Write(in WatchedUser user, uint? version) => new DialogInfo(user.Uri, Compose(user)) { Version = version ?? 0 }.Write();

    /// <inheritdoc/>
    public override byte[] WriteChanges(in WatchedUser user, uint version, ref object? told)
    {
        List<DialogInfoEntry> now = Compose(user);
        if (told is not List<DialogInfoEntry> before)
        {
            told = now;
            return new DialogInfo(user.Uri, now) { Version = version }.Write();
        }

        IEnumerable<DialogInfoEntry> over = before.Where(dialog => !now.Exists(one => one.Id == dialog.Id)).Select(dialog => dialog with { State = DialogInfoState.Terminated });
        told = now;
        return new DialogInfo(user.Uri, [.. now.Where(dialog => !before.Contains(dialog)), .. over]) { Version = version, IsFull = false }.Write();
    }

    private static List<DialogInfoEntry> Compose(in WatchedUser user)
    {
        List<DialogInfoEntry> dialogs = [];
        HashSet<string> published = new(StringComparer.Ordinal);
        foreach (PublishedState state in user.Published)
        {
            if (!DialogInfo.TryRead(state.Body, out DialogInfo? info)) continue;
            foreach (DialogInfoEntry dialog in info.Dialogs)
            {
                if (dialog.CallId is { } callId) published.Add(callId);
                // Phones name their dialogs on their own: what another one names alike is another.
                string id = $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(state.Publisher)).AsSpan(0, 4))}-{dialog.Id}";
                if (dialog.State != DialogInfoState.Terminated && !dialogs.Exists(one => one.Id == id)) dialogs.Add(user.ShowsWhom ? dialog with { Id = id } : Hide(dialog) with { Id = id });
            }
        }

        foreach (DialogInfoEntry dialog in user.Dialogs)
        {
            if (dialog.CallId is null || !published.Contains(dialog.CallId)) dialogs.Add(user.ShowsWhom ? dialog : Hide(dialog));
        }

        return dialogs.Count <= MaxDialogs ? dialogs : dialogs[..MaxDialogs];
    }

    /// <summary>What a lamp needs: that there is a call, and how far it is.</summary>
    private static DialogInfoEntry Hide(DialogInfoEntry dialog) => new(dialog.Id, dialog.State) { IsInitiator = dialog.IsInitiator };
}
