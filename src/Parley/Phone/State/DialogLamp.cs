using Parley.Sip.Events.Documents;

namespace Parley.Phone.State;

/// <summary>What a lamp shows of the documents that tell somebody's calls: the whole first, then what changed.</summary>
/// <remarks>Source: RFC 4235 4.3.</remarks>
internal sealed class DialogLamp
{
    private const int MaxDialogs = 256;
    private readonly Dictionary<string, DialogInfoState> _dialogs = new(StringComparer.Ordinal);
    private uint? _version;

    /// <summary>What it shows.</summary>
    public Lamp Lamp => _version is null ? Lamp.Unknown
        : _dialogs.ContainsValue(DialogInfoState.Confirmed) ? Lamp.Busy
        : _dialogs.Count > 0 ? Lamp.Ringing
        : Lamp.Free;

    /// <summary>Takes a document.</summary>
    /// <returns>False when one before it is missing: the whole has to be asked for anew.</returns>
    public bool Take(DialogInfo info)
    {
        if (_version is { } last && info.Version <= last && !info.IsFull) return true;        // it comes late, and is known
        if (!info.IsFull && (_version is not { } before || info.Version != before + 1)) return false;
        if (info.IsFull) _dialogs.Clear();
        _version = info.Version;
        foreach (DialogInfoEntry dialog in info.Dialogs)
        {
            if (dialog.State == DialogInfoState.Terminated) _dialogs.Remove(dialog.Id);
            else if (_dialogs.Count < MaxDialogs || _dialogs.ContainsKey(dialog.Id)) _dialogs[dialog.Id] = dialog.State;
        }

        return true;
    }
}
