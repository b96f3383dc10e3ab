using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Parley.Core;
using Parley.Media.Codecs;
using Parley.Rtp;

namespace Parley.Voice;

/// <summary><c>parley-voice echo</c>: what it costs to decode and encode many calls at once, over real sockets.</summary>
internal static class EchoCommand
{
    private const string ServerName = "echo-server";
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan Packet = TimeSpan.FromMilliseconds(20), Settling = TimeSpan.FromSeconds(10);

    public static IEnumerable<Command> Create(TextWriter output, TextWriter errors)
    {
        var name = new Option<string>("--codec") { Description = "Which codec.", HelpName = "NAME", DefaultValueFactory = _ => "pcmu" };
        var parameters = new Option<string?>("--fmtp") { Description = "What each side asks the other for, such as 'maxplaybackrate=16000;useinbandfec=1'; the codec's own when absent.", HelpName = "TEXT" };
        var calls = new Option<int>("--calls") { Description = "How many at once: 1 to 9000.", HelpName = "N", DefaultValueFactory = _ => 100 };
        var seconds = new Option<int>("--seconds") { Description = "How long to measure, after 10 s.", HelpName = "N", DefaultValueFactory = _ => 20 };
        var garbage = new Option<int>("--garbage") { Description = "Objects that live for up to a second, as setting up calls makes them, in KB per second, 0 or 100 and more: how long they stop the calls when they are collected.", HelpName = "N" };
        var port = new Option<ushort>("--port") { Description = "Where the sound comes from.", Required = true };
        var command = new Command("echo", "Calls that say what they hear: the processor time of a process that decodes, plays out and encodes them, and what it allocates.\n\n  parley-voice echo --codec opus --calls 240") { name, parameters, calls, seconds, garbage };
        calls.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 9000) result.AddError("--calls is 1 to 9000");
        });
        garbage.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is not (0 or >= 100)) result.AddError("--garbage is 0, or 100 and more");
        });
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 600) result.AddError("--seconds is 1 to 600");
        });
        command.SetAction(async (parse, cancellation) =>
        {
            if (Find(parse.GetValue(name)!) is not { } codec)
            {
                await errors.WriteLineAsync($"parley-voice: there is no codec '{parse.GetValue(name)}' here");
                return 2;
            }

            await MeasureAsync(codec, parse.GetValue(name)!, parse.GetValue(parameters) ?? codec.Format.Parameters, parse.GetValue(calls), parse.GetValue(seconds), parse.GetValue(garbage), output, cancellation);
            return 0;
        });
        var server = new Command(ServerName) { Hidden = true };
        server.Add(name);
        server.Add(parameters);
        server.Add(calls);
        server.Add(garbage);
        server.Add(port);
        server.SetAction((parse, _) => EchoServer.RunAsync(Find(parse.GetValue(name)!)!, parse.GetValue(parameters), parse.GetValue(calls), parse.GetValue(garbage), NetworkAddress.FromIPv4(0x7F000001, parse.GetValue(port)), Console.In, output));
        return [command, server];
    }

    private static IAudioCodec? Find(string name) => AudioCodecs.All.Select(name, out _) is { } codecs ? codecs.Span[0] : null;

    private static async Task MeasureAsync(IAudioCodec codec, string name, string? parameters, int calls, int seconds, int garbage, TextWriter output, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.ReceiveBufferSize = 8 << 20;
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Process server = Start(name, parameters, calls, garbage, ((IPEndPoint)socket.LocalEndPoint!).Port);
        try
        {
            int[] ports = JsonSerializer.Deserialize<int[]>(await server.StandardOutput.ReadLineAsync(cancellation) ?? "[]")!;
            if (ports.Length != calls) throw new IOException("The process with the calls has ended.");
            using var generator = new EchoGenerator(socket, codec, parameters, ports);
            await Task.Delay(Settling, Time, cancellation);
            await AskAsync(server, cancellation);       // what it takes to answer for the first time is not the calls'
            EchoUse first = await AskAsync(server, cancellation), before = await AskAsync(server, cancellation);
            long asking = before.AllocatedBytes - first.AllocatedNow;       // by the answer itself
            (long sent, long back, long start) = (generator.Sent, generator.Back, Time.GetTimestamp());
            await Task.Delay(TimeSpan.FromSeconds(seconds), Time, cancellation);
            EchoUse after = await AskAsync(server, cancellation);
            double elapsed = Time.GetElapsedTime(start).TotalSeconds;
            (sent, back) = (generator.Sent - sent, generator.Back - back);
            double processor = after.ProcessorSeconds - before.ProcessorSeconds;
            long received = after.PacketsReceived - before.PacketsReceived;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"codec={codec.Format.Name} calls={calls} cores={processor / elapsed:0.00} us_per_packet={processor * 1e6 / Math.Max(1, received):0.0} calls_per_core={calls * elapsed / processor:0} sent={sent} received={received} back={back} "
                + $"late={after.Late - before.Late} bytes_per_packet={Math.Max(0, after.AllocatedBytes - before.AllocatedNow - asking) / (double)Math.Max(1, received):0.00} collections={after.Collections - before.CollectionsNow} pause_ms={after.PauseMilliseconds - before.PauseMillisecondsNow:0.0} pause_p999_ms={after.PauseP999Milliseconds:0.0} slowest_round_ms={generator.LongestRound.TotalMilliseconds:0.0}"));
        }
        finally
        {
            server.StandardInput.Close();
            if (!server.WaitForExit(TimeSpan.FromSeconds(10))) server.Kill();
        }
    }

    private static Process Start(string codec, string? parameters, int calls, int garbage, int port)
    {
        string self = Environment.ProcessPath!;
        var start = new ProcessStartInfo(self) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet") start.ArgumentList.Add(typeof(EchoCommand).Assembly.Location);
        foreach (string argument in (string[])[ServerName, "--codec", codec, "--calls", calls.ToString(CultureInfo.InvariantCulture), "--garbage", garbage.ToString(CultureInfo.InvariantCulture), "--port", port.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        if (parameters is not null) start.ArgumentList.Add("--fmtp=" + parameters);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";      // encoders try as hard as cores let them, and one loop has all calls
        return Process.Start(start)!;
    }

    private static async Task<EchoUse> AskAsync(Process server, CancellationToken cancellation)
    {
        await server.StandardInput.WriteLineAsync("use".AsMemory(), cancellation);
        await server.StandardInput.FlushAsync(cancellation);
        return JsonSerializer.Deserialize<EchoUse>(await server.StandardOutput.ReadLineAsync(cancellation) ?? throw new IOException("The process with the calls has ended."))!;
    }

    /// <summary>Says a few seconds of sound to each call, over and over, and counts what comes back.</summary>
    private sealed class EchoGenerator : IDisposable
    {
        private const int Packets = 250;        // of a piece of sound that is said again and again
        private readonly Socket _socket;
        private readonly SocketAddress[] _calls;
        private readonly byte[][] _payloads = new byte[Packets][];
        private readonly byte _payloadType;
        private readonly uint _units;
        private readonly Thread _sending, _receiving;
        private readonly ManualResetEventSlim _over = new();
        private long _sent, _back, _longestRound;

        public EchoGenerator(Socket socket, IAudioCodec codec, string? parameters, int[] ports)
        {
            _socket = socket;
            _calls = [.. ports.Select(port => new IPEndPoint(IPAddress.Loopback, port).Serialize())];
            _payloadType = codec.Format.PayloadType;
            int samples = codec.Format.SamplesIn(Packet);
            _units = codec.Format.ToTimestampUnits(samples);
            Encode(codec, parameters, samples);
            _sending = new Thread(Send) { IsBackground = true };
            _receiving = new Thread(Receive) { IsBackground = true };
            _sending.Start();
            _receiving.Start();
        }

        public long Sent => Interlocked.Read(ref _sent);

        public long Back => Interlocked.Read(ref _back);

        /// <summary>How long it took at most to send a packet to every call: more than 20 ms is this tool's own lateness.</summary>
        public TimeSpan LongestRound => TimeSpan.FromTicks(Interlocked.Read(ref _longestRound));

        public void Dispose()
        {
            _over.Set();
            _sending.Join();
            _receiving.Join();
            _over.Dispose();
        }

        // A voice-like sound: a gliding pitch with overtones, and pauses.
        private void Encode(IAudioCodec codec, string? parameters, int samples)
        {
            using IAudioEncoder encoder = codec.CreateEncoder(parameters);
            short[] sound = new short[samples];
            byte[] payload = new byte[1400];
            double phase = 0;
            for (int packet = 0; packet < Packets; packet++)
            {
                for (int i = 0; i < samples; i++)
                {
                    double at = ((packet * samples) + i) / (double)codec.Format.SampleRate, level = Math.Max(0, Math.Sin(at * 9));
                    phase += 2 * Math.PI * (130 + (40 * Math.Sin(at * 2))) / codec.Format.SampleRate;
                    sound[i] = (short)(7000 * level * (Math.Sin(phase) + (0.6 * Math.Sin(3 * phase)) + (0.3 * Math.Sin(11 * phase))));
                }

                _payloads[packet] = payload.AsSpan(0, encoder.Encode(sound, payload)).ToArray();
            }
        }

        private void Send()
        {
            byte[] packet = new byte[RtpPacket.FixedHeaderLengthBytes + 1400];
            long start = Time.GetTimestamp();
            for (int round = 0; !_over.IsSet; round++)
            {
                TimeSpan due = Packet * round, begun;
                while ((begun = Time.GetElapsedTime(start)) < due) _over.Wait(1);
                for (int call = 0; call < _calls.Length; call++)
                {
                    // Spread over the beat, as the calls of many people are.
                    if (call % 64 == 0)
                    {
                        TimeSpan slot = due + (Packet * call / _calls.Length);
                        while (Time.GetElapsedTime(start) < slot && !_over.Wait(1)) { }
                    }

                    byte[] payload = _payloads[(round + (call * 7)) % Packets];
                    RtpHeader header = new(_payloadType, round == 0, (ushort)round, (uint)round * _units, (uint)call + 1);
                    _socket.SendTo(packet.AsSpan(0, RtpPacket.Write(packet, header, payload)), SocketFlags.None, _calls[call]);
                    _sent++;
                }

                _longestRound = Math.Max(_longestRound, (Time.GetElapsedTime(start) - begun).Ticks);
            }
        }

        private void Receive()
        {
            byte[] packet = new byte[2048];
            while (!_over.IsSet)
            {
                if (!_socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead)) continue;
                while (_socket.Available > 0)
                {
                    int length = _socket.Receive(packet);
                    if (!RtpPacket.IsRtcp(packet.AsSpan(0, length))) _back++;
                }
            }
        }
    }
}
