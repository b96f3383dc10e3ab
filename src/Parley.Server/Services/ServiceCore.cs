using System.Net;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Server.CallRecords;
using Parley.Server.Configuration;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Services;

/// <summary>The user agent of a service, above a lane.</summary>
internal static class ServiceCore
{
    private const int MaxCallsPerLane = 1000;
    private static readonly TimeSpan AliveInterval = TimeSpan.FromMinutes(2);

    /// <summary>Makes one.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="ports">The server's media ports.</param>
    /// <param name="configuration">Which address is offered for media.</param>
    /// <param name="handler">Who gets its calls.</param>
    /// <param name="isFocus">Whether its calls are parts of conferences.</param>
    /// <param name="records">Where its calls are recorded; null where they are not.</param>
    public static UserAgentCore Create(SipLane lane, MediaPorts ports, ParleyConfiguration configuration, IIncomingCallHandler handler, bool isFocus = false, CallRecordStore? records = null)
    {
        ServedCalls? recorder = records is null ? null : new ServedCalls(records, lane.Loop.Time, handler);
        var options = new UserAgentCoreOptions
        {
            MaxCalls = MaxCallsPerLane, IsFocus = isFocus, AliveInterval = AliveInterval, AdvertisedMediaAddress = AddressOf(configuration.Media.Address ?? configuration.Advertise), Listener = recorder,
            Silence = SilenceSuppression.Never,
        };
        return new UserAgentCore(lane, ports, options, recorder ?? handler);
    }

    private static NetworkAddress AddressOf(string? text) => IPAddress.TryParse(text, out IPAddress? address) ? NetworkAddress.From(address, 0) : default;
}
