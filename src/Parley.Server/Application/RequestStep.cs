using Parley.Server.Proxy;

namespace Parley.Server.Application;

/// <summary>A step of the chain as a function: see <see cref="IRequestStep"/>.</summary>
/// <param name="request">The request; answered, sent on, or left to the next step.</param>
/// <remarks>All lanes call the same function, at the same time too: what it keeps must be safe for that.</remarks>
public delegate StepResult RequestStep(ref RequestContext request);

/// <summary>A function in the chain.</summary>
internal sealed class FunctionStep(RequestStep step) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request) => step(ref request);
}
