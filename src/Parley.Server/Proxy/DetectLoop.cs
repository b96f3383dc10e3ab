using Parley.Server.Hosting;

namespace Parley.Server.Proxy;

/// <summary>Answers 482 to a request that has been here before and would go the same way again.</summary>
/// <remarks>Source: RFC 3261 16.3 step 4, RFC 5393 4.2.2.</remarks>
internal sealed class DetectLoop(ServerState server) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        request.Mark = LoopMark.Of(request.Message, server.Keys.Loop);
        request.Passage = request.Mark.FindIn(request.Message);
        return request.Passage == Passage.Loop ? request.Reply(482) : StepResult.Continue;
    }
}
