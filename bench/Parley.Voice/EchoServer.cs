using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Sdp;

namespace Parley.Voice;

/// <summary>What a process with echo calls has used.</summary>
/// <param name="ProcessorSeconds">User and system time.</param>
/// <param name="PacketsReceived">Of all calls.</param>
/// <param name="PacketsSent">Of all calls.</param>
/// <param name="Late">Packets that came too late to be played.</param>
/// <param name="AllocatedBytes">By all threads, before this was asked for.</param>
/// <param name="AllocatedNow">The same with what it took to answer.</param>
/// <param name="Collections">Of garbage, before this was asked for.</param>
/// <param name="PauseMilliseconds">For which they stopped all threads, in all.</param>
/// <param name="CollectionsNow">The same with those while it was answered.</param>
/// <param name="PauseMillisecondsNow">For which those stopped all threads.</param>
/// <param name="PauseP999Milliseconds">For which 999 of 1,000 did so at most; 0 when none was looked at, as without <c>--garbage</c>.</param>
internal sealed record EchoUse(
    double ProcessorSeconds, long PacketsReceived, long PacketsSent, long Late, long AllocatedBytes, long AllocatedNow, int Collections, double PauseMilliseconds,
    int CollectionsNow, double PauseMillisecondsNow, double PauseP999Milliseconds);

/// <summary>Calls that say what they hear, in a process of their own: what a server's calls are, without the signalling.</summary>
/// <remarks>
/// On standard output it says its ports, and then its use as often as a line comes in: JSON, a line each. It ends with its input.
/// </remarks>
internal static class EchoServer
{
    private static readonly MediaPorts Ports = new(40000, 59999);

    /// <summary>Opens the calls and serves until the input ends.</summary>
    public static async Task RunAsync(IAudioCodec codec, string? parameters, int calls, int garbage, NetworkAddress remote, TextReader input, TextWriter output)
    {
        using NetworkLoop loop = NetworkLoop.Start(new NetworkLoopOptions { Name = "media", DatagramBufferBytes = 65536 });
        var codecs = new AudioCodecs([codec]);
        var endpoints = new AudioEndpoint[calls];
        for (int i = 0; i < calls; i++)
        {
            endpoints[i] = AudioEndpoint.Open(loop, new AudioEndpointOptions
            {
                Local = NetworkAddress.FromIPv4(0x7F000001, 0),
                Ports = Ports,
                Audio = new AudioOptions { CanonicalName = string.Create(CultureInfo.InvariantCulture, $"echo{i}") },
            });
        }

        foreach (AudioEndpoint endpoint in endpoints)
        {
            var echo = new EchoAudio();
            endpoint.Start(Agree(codec, parameters, remote), codecs, echo, echo);
        }

        using GarbageMaker? maker = garbage > 0 ? new GarbageMaker(garbage) : null;
        await output.WriteLineAsync(JsonSerializer.Serialize(endpoints.Select(endpoint => endpoint.LocalAddress.Rtp.Port)));
        while (await input.ReadLineAsync() is not null)
        {
            long received = 0, sent = 0, late = 0;
            TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            (int collections, TimeSpan pause) = (GC.CollectionCount(0), GC.GetTotalPauseDuration());
            // All at once: one after the other each would wait for a round of a busy loop.
            foreach (AudioStatistics statistics in await Task.WhenAll(endpoints.Select(endpoint => endpoint.GetStatisticsAsync())))
            {
                received += statistics.Rtp.PacketsReceived;
                sent += statistics.Rtp.PacketsSent;
                late += statistics.Playout.Late;
            }

            await output.WriteLineAsync(JsonSerializer.Serialize(new EchoUse(processor.TotalSeconds, received, sent, late, allocated, GC.GetTotalAllocatedBytes(precise: true), collections, pause.TotalMilliseconds,
                GC.CollectionCount(0), GC.GetTotalPauseDuration().TotalMilliseconds, maker?.TakeP999().TotalMilliseconds ?? 0)));
        }

        foreach (AudioEndpoint endpoint in endpoints) await endpoint.StopAsync();
    }

    private static NegotiatedAudio Agree(IAudioCodec codec, string? parameters, NetworkAddress remote)
    {
        var format = new MediaFormat(codec.Format.PayloadType, codec.Format.Name, codec.Format.ClockRate, codec.Format.Channels, parameters);
        return new NegotiatedAudio
        {
            MediaIndex = 0,
            RemoteRtp = remote,
            RemoteRtcp = remote,
            RtcpMux = false,
            Direction = MediaDirection.SendReceive,
            RemoteDirection = MediaDirection.SendReceive,
            Codecs = [new NegotiatedFormat(format, format.PayloadType, format.PayloadType)],
            TelephoneEvent = new NegotiatedFormat(new MediaFormat(101, MediaFormat.TelephoneEvent, codec.Format.ClockRate), 101, 101),
            PacketTime = TimeSpan.FromMilliseconds(20),
        };
    }
}
