using Parley.Server.Storage;

namespace Parley.Server.Accounts;

/// <summary>Somebody waits until the directory has seen what other processes committed; used again and again by its owner.</summary>
internal abstract class AccountRefresh : InboxItem
{
    /// <summary>The directory is up to date. Runs on its thread, must be quick and not throw: it posts back to its lane.</summary>
    protected internal abstract void OnRefreshed();
}
