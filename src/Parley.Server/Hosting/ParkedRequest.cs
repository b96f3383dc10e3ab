using Parley.Endpoint.Sip;
using Parley.Server.Accounts;

namespace Parley.Server.Hosting;

/// <summary>A request that waits until the accounts are up to date, and then goes through the chain once more.</summary>
/// <remarks>A user may have been added, or a password changed, by another process a moment ago.</remarks>
internal sealed class ParkedRequest(ServerLane server, SipServerTransaction transaction) : AccountRefresh, ILaneCompletion
{
    /// <inheritdoc/>
    public ILaneCompletion? NextCompletion { get; set; }

    /// <inheritdoc/>
    public void Complete() => server.RunAgain(transaction);

    /// <inheritdoc/>
    protected internal override void OnRefreshed() => server.Completions.Add(this);
}
