using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>What a server has counted since it started, and what it holds now.</summary>
public sealed record ServerStatistics
{
    /// <summary>Requests that came, retransmissions left out.</summary>
    public long RequestsReceived { get; init; }

    /// <summary>Responses that came.</summary>
    public long ResponsesReceived { get; init; }

    /// <summary>Messages that were malformed.</summary>
    public long Malformed { get; init; }

    /// <summary>REGISTERs that were accepted.</summary>
    public long Registered { get; init; }

    /// <summary>Requests that were challenged.</summary>
    public long Challenged { get; init; }

    /// <summary>Requests that the server refused itself, challenges left out.</summary>
    public long Refused { get; init; }

    /// <summary>Requests that were forwarded.</summary>
    public long Forwarded { get; init; }

    /// <summary>INVITEs that were forwarded and answered with a 2xx.</summary>
    public long CallsAnswered { get; init; }

    /// <summary>INVITEs that were forwarded and ended otherwise.</summary>
    public long CallsFailed { get; init; }

    /// <summary>Requests that have branches running.</summary>
    public int OpenCalls { get; init; }

    /// <summary>REGISTERs that are being saved.</summary>
    public int OpenRegistrations { get; init; }

    /// <summary>Transactions that are not over, client and server ones.</summary>
    public int Transactions { get; init; }

    /// <summary>Stream connections.</summary>
    public int Connections { get; init; }

    /// <summary>Addresses of record that have bindings.</summary>
    public int AddressesOfRecord { get; init; }

    /// <summary>The longest time that a lane has worked on without looking at its sockets, since the start: nobody's request waited longer for another one.</summary>
    public TimeSpan LongestRound { get; init; }

    /// <summary>How often that took more than 50 ms.</summary>
    public long SlowRounds { get; init; }

    internal static ServerStatistics Of(ServerRoles roles)
    {
        var sum = new ServerStatistics { Connections = roles.Endpoint.ConnectionCount, AddressesOfRecord = roles.State.Location.Count };
        foreach (ServerLane lane in roles.Lanes)
        {
            SipLaneCounters wire = lane.Lane.Counters;
            LaneCounters own = lane.Counters;
            NetworkCounters? loop = (lane.Lane.Loop as NetworkLoop)?.Counters;
            sum = sum with
            {
                RequestsReceived = sum.RequestsReceived + wire.RequestsReceived,
                ResponsesReceived = sum.ResponsesReceived + wire.ResponsesReceived,
                Malformed = sum.Malformed + wire.Malformed,
                Registered = sum.Registered + own.Registered,
                Challenged = sum.Challenged + own.Challenged,
                Refused = sum.Refused + own.Refused,
                Forwarded = sum.Forwarded + own.Forwarded,
                CallsAnswered = sum.CallsAnswered + own.CallsAnswered,
                CallsFailed = sum.CallsFailed + own.CallsFailed,
                OpenCalls = sum.OpenCalls + lane.Proxy.OpenCalls,
                OpenRegistrations = sum.OpenRegistrations + lane.OpenRegistrations,
                LongestRound = loop is not null && loop.LongestRound > sum.LongestRound ? loop.LongestRound : sum.LongestRound,
                SlowRounds = sum.SlowRounds + (loop?.SlowRounds ?? 0),
                Transactions = sum.Transactions + lane.Lane.ServerTransactionCount + lane.Lane.ClientTransactionCount,
            };
        }

        return sum;
    }
}
