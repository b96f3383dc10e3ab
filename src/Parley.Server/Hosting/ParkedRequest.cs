using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Proxy;
using Parley.Server.Rules;

namespace Parley.Server.Hosting;

/// <summary>A request that waits until the accounts are up to date, and then goes through the chain once more.</summary>
/// <remarks>
/// A user may have been added, or a password changed, by another process a moment ago. Who was identified stays so: his
/// credentials are good for one look only.
/// </remarks>
internal sealed class ParkedRequest(ServerLane server, SipServerTransaction transaction, CallerKind caller, CallRoute? route) : AccountRefresh, ILaneCompletion
{
    /// <inheritdoc/>
    public ILaneCompletion? NextCompletion { get; set; }

    /// <inheritdoc/>
    public void Complete() => server.RunAgain(transaction, caller, route);

    /// <inheritdoc/>
    protected internal override void OnRefreshed() => server.Completions.Add(this);
}
