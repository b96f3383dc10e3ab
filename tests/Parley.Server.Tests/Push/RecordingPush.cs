using Parley.Server.Push;

namespace Parley.Server.Tests.Push;

/// <summary>A push notification service that keeps what it is asked for, and takes or refuses it at once.</summary>
internal sealed class RecordingPush : IPushService
{
    public List<PushRequest> Requests { get; } = [];

    public bool IsTaking { get; set; } = true;

    public bool IsFull { get; set; }

    public bool TrySend(PushRequest request, Action<PushRequest, bool> done)
    {
        if (IsFull) return false;
        Requests.Add(request);
        done(request, IsTaking);
        return true;
    }
}
