namespace Parley.Server.Proxy;

/// <summary>One small thing that a server does with a request, before the next step gets it.</summary>
/// <remarks>
/// A server role is a chain of these. Each lane has its own instances, so a step needs no lock; it never blocks, and keeps
/// nothing of the request beyond its call. How to add one: docs/recipes/add-a-proxy-step.md.
/// </remarks>
public interface IRequestStep
{
    /// <summary>Looks at a request, and answers it, sends it on or leaves it to the next step.</summary>
    StepResult Run(ref RequestContext request);
}

/// <summary>What becomes of a request after a step.</summary>
public enum StepResult
{
    /// <summary>The next step gets it.</summary>
    Continue,

    /// <summary>It was answered, sent on, or dropped: no further step sees it.</summary>
    Done,
}
