using Parley.Server.Proxy;

namespace Parley.Server.Services;

/// <summary>Hands requests for the users that the server itself is to their services.</summary>
internal sealed class ServeLocally(ILocalService[] services) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Domain is null || request.HasNextRoute) return StepResult.Continue;
        foreach (ILocalService service in services)
        {
            if (!service.Serves(request.RequestUri.User) && !(request.IsInDialog && service.Owns(request.Incoming))) continue;
            service.Take(request.Incoming, request.RequestUri.User);
            return StepResult.Done;
        }

        return StepResult.Continue;
    }
}
