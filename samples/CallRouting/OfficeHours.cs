using System.Text;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace CallRouting;

/// <summary>Sends calls for a user elsewhere at night and at weekends.</summary>
internal sealed class OfficeHours(TimeProvider time, TimeZoneInfo zone, string user, SipUri otherwise) : IRequestStep
{
    private readonly byte[] _user = Encoding.UTF8.GetBytes(user);

    public StepResult Run(ref RequestContext request)
    {
        bool isForUser = request.Method == SipMethod.Invite && !request.IsInDialog && request.Domain is not null && request.RequestUri.User.SequenceEqual(_user);
        if (isForUser && !IsOpen(TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone))) request.Retarget(otherwise);
        return StepResult.Continue;
    }

    private static bool IsOpen(DateTimeOffset now) => now.DayOfWeek is >= DayOfWeek.Monday and <= DayOfWeek.Friday && now.Hour is >= 9 and < 17;
}
