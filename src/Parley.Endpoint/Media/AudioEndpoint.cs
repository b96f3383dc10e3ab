using System.Net.Sockets;
using System.Security.Cryptography;
using Parley.Core;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Net;
using Parley.Rtp;
using Parley.Rtp.Events;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Where a call's audio is opened.</summary>
public sealed record AudioEndpointOptions
{
    /// <summary>The address to bind; its port is ignored.</summary>
    public required NetworkAddress Local { get; init; }

    /// <summary>The address to tell others, when it is not the bound one: a static mapping, or a bind to 0.0.0.0.</summary>
    public NetworkAddress Advertised { get; init; }

    /// <summary>Where ports come from; shared by all calls of a program.</summary>
    public required MediaPorts Ports { get; init; }

    /// <summary>How it sends and plays.</summary>
    public required AudioOptions Audio { get; init; }
}

/// <summary>Who hears what happens in a call's audio; called on its loop.</summary>
public interface IAudioHandler
{
    /// <summary>A DTMF digit or another event of the other side began or ended.</summary>
    void OnEvent(Instant now, AudioEvent audioEvent);

    /// <summary>The source has ended and its last sample is sent.</summary>
    void OnSourceEnded(Instant now);

    /// <summary>Another interval of the call is measured.</summary>
    /// <param name="now">The time.</param>
    /// <param name="interval">How good it was.</param>
    void OnQuality(Instant now, in QualityInterval interval)
    {
    }

    /// <summary>All is played, the sink knows it, and the sockets are closed. Called once and last.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statistics">How it went.</param>
    void OnEnded(Instant now, AudioStatistics statistics)
    {
    }
}

/// <summary>The audio of one call on two sockets: RTP on an even port, RTCP on the next.</summary>
/// <remarks>
/// The shell around an <see cref="AudioSession"/>. Its members may be called on any thread: they are carried to the loop
/// and run there in order. <see cref="StopAsync"/> must be called, as it gives the ports back; disposing is the same.
/// </remarks>
public sealed class AudioEndpoint : IDatagramHandler, IAsyncDisposable
{
    private const int MaxAttempts = 64;     // ports that other programs hold, before giving up

    private readonly INetworkLoop _loop;
    private readonly MediaPorts _ports;
    private readonly IAudioHandler? _handler;
    private readonly AudioSession _session;
    private readonly BeatTimer _timer;
    private readonly TaskCompletionSource<AudioStatistics> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AudioCodecs? _codecs;
    private ushort _port;
    private IDatagramSocket _rtp = null!;       // both are set before anyone gets to see the object
    private IDatagramSocket _rtcp = null!;
    private bool _isClosed;

    private AudioEndpoint(INetworkLoop loop, AudioEndpointOptions options, IAudioHandler? handler, Random random)
    {
        (_loop, _ports, _handler) = (loop, options.Ports, handler);
        _session = new AudioSession(options.Audio, loop.Buffers, new NtpClock(loop.Now, loop.Time.GetUtcNow()), random);
        _timer = new BeatTimer(this);
    }

    /// <summary>Where it receives, for offers and answers.</summary>
    public LocalAudioAddress LocalAddress { get; private set; }

    /// <summary>How it has gone so far. The loop's.</summary>
    public AudioStatistics Statistics => _session.Statistics with { LocalRtp = LocalAddress.Rtp };

    /// <summary>Completes when all is played and the sockets are closed.</summary>
    public Task<AudioStatistics> Ended => _ended.Task;

    /// <summary>Opens a pair of ports. What arrives before <see cref="Start"/> is kept for a moment. May be called on any thread.</summary>
    /// <param name="loop">Whose thread it runs on.</param>
    /// <param name="options">Where.</param>
    /// <param name="handler">Who hears what happens.</param>
    /// <param name="random">For ports and SSRC; null for one that nobody can foresee.</param>
    /// <exception cref="MediaPortsException">No pair of ports could be opened, with the reason.</exception>
    public static AudioEndpoint Open(INetworkLoop loop, AudioEndpointOptions options, IAudioHandler? handler = null, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(options);
        OpusCodec.Processors = Environment.ProcessorCount;
        AudioWarmUp.Begin();
        random ??= new Random(RandomNumberGenerator.GetInt32(int.MaxValue));
        AudioEndpoint endpoint = new(loop, options, handler, random);
        endpoint.OpenSockets(options, random);
        return endpoint;
    }

    /// <summary>Begins to send and to play.</summary>
    /// <param name="audio">What was negotiated.</param>
    /// <param name="codecs">What has all codecs of it.</param>
    /// <param name="source">What is sent.</param>
    /// <param name="sink">Who gets what is received.</param>
    /// <exception cref="ArgumentException">The negotiated codec is not among them.</exception>
    public void Start(NegotiatedAudio audio, AudioCodecs codecs, IAudioSource source, IAudioSink sink)
    {
        if (codecs.Find(audio.Codec) is null) throw new ArgumentException($"There is no codec {audio.Codec.Format.EncodingName}.", nameof(codecs));
        _codecs = codecs;
        Post(now =>
        {
            if (_session.State == AudioSessionState.Idle) _session.Start(now, audio, codecs, source, sink);
        });
    }

    /// <summary>Takes a new negotiation over: hold, another address, another codec.</summary>
    /// <exception cref="ArgumentException">The negotiated codec is not among those it was started with.</exception>
    /// <exception cref="InvalidOperationException">It was not started.</exception>
    public void Update(NegotiatedAudio audio)
    {
        if (_codecs is null) throw new InvalidOperationException("The audio was not started.");
        if (_codecs.Find(audio.Codec) is null) throw new ArgumentException($"There is no codec {audio.Codec.Format.EncodingName}.", nameof(audio));
        Post(_ =>
        {
            if (_session.State == AudioSessionState.Running) _session.Update(audio);
        });
    }

    /// <summary>Lets somebody hear both directions besides, from now on.</summary>
    /// <param name="tap">Who; null for nobody any more.</param>
    public void Tap(IAudioTap? tap) => Post(_ => _session.Tap = tap);

    /// <summary>Lets something sound over what the source gives, from now on.</summary>
    /// <param name="overlay">What; null for nothing any more.</param>
    public void Overlay(IAudioSource? overlay) => Post(_ => _session.Overlay = overlay);

    /// <summary>Sends DTMF digits one after the other, behind those that wait; digits beyond 64 waiting are left out.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <param name="asTones">As tones in the sound, not as events beside it.</param>
    /// <exception cref="ArgumentException">Another character.</exception>
    public void SendDtmf(string digits, bool asTones = false)
    {
        ArgumentNullException.ThrowIfNull(digits);
        byte[] codes = new byte[digits.Length];
        for (int i = 0; i < digits.Length; i++)
        {
            if (!Dtmf.TryGetCode(digits[i], out codes[i])) throw new ArgumentException($"'{digits[i]}' is no DTMF digit.", nameof(digits));
        }

        Post(_ =>
        {
            foreach (byte code in codes)
            {
                if (asTones) _session.SendTone(code);
                else _session.SendEvent(code);
            }
        });
    }

    /// <summary>How it has gone so far.</summary>
    public Task<AudioStatistics> GetStatisticsAsync()
    {
        if (_ended.Task.IsCompleted) return _ended.Task;
        TaskCompletionSource<AudioStatistics> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Post(_ => result.TrySetResult(Statistics))) return Task.FromResult(new AudioStatistics());
        return result.Task;
    }

    /// <summary>Sends no more, plays what is still there, tells the sink that it was all, and closes the sockets.</summary>
    /// <returns>How it went.</returns>
    public Task<AudioStatistics> StopAsync()
    {
        if (!Post(_session.Stop)) Close();
        return _ended.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    void IDatagramHandler.OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
    {
        if (ReferenceEquals(socket, _rtcp)) _session.OnRtcp(now, datagram, remote);
        else _session.OnRtp(now, datagram, remote);
        Drain(now);
    }

    void IDatagramHandler.OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
    {
        // A phone that is not there yet or no more is no reason to stop: the call's end comes by SIP.
    }

    private void OpenSockets(AudioEndpointOptions options, Random random)
    {
        SocketException? last = null;
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (!_ports.TryRent(random, out _port)) throw new MediaPortsException($"All ports for media are in use ({_ports}).", last);
            IDatagramSocket? rtp = null;
            try
            {
                rtp = _loop.OpenDatagram(options.Local.WithPort(_port), this);
                _rtcp = _loop.OpenDatagram(options.Local.WithPort((ushort)(_port + 1)), this);
                _rtp = rtp;
                NetworkAddress told = options.Advertised.IsSpecified ? options.Advertised : _rtp.LocalAddress;
                LocalAddress = new LocalAudioAddress(told.WithPort(_port), told.WithPort((ushort)(_port + 1)));
                return;
            }
            catch (SocketException problem)
            {
                last = problem;
                rtp?.Dispose();
                _ports.Return(_port);
                if (problem.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied) continue;
                throw new MediaPortsException($"No port for media can be opened on {options.Local.HostToString()}: {problem.Message}", problem);
            }
        }

        throw new MediaPortsException($"Other programs hold the ports for media ({_ports}): {MaxAttempts} were tried.", last);
    }

    private void Drain(Instant now)
    {
        while (_session.TryTake(out AudioOutput output))
        {
            switch (output.Kind)
            {
                case AudioOutputKind.SendRtp:
                    Send(_rtp, output);
                    break;
                case AudioOutputKind.SendRtcp:
                    Send(_session.IsRtcpMultiplexed ? _rtp : _rtcp, output);
                    break;
                case AudioOutputKind.Event:
                    _handler?.OnEvent(now, output.Event);
                    break;
                case AudioOutputKind.SourceEnded:
                    _handler?.OnSourceEnded(now);
                    break;
                case AudioOutputKind.Quality:
                    if (_session.LastInterval is { } interval) _handler?.OnQuality(now, interval);
                    break;
                case AudioOutputKind.Ended:
                    Close();
                    return;
                default:
                    break;
            }
        }

        _loop.Schedule(_timer, _session.NextDeadline);
    }

    private void Send(IDatagramSocket socket, in AudioOutput output)
    {
        if (!_isClosed && output.Remote.IsSpecified) socket.Send(output.Datagram!, output.Remote);
        output.Datagram!.Release();
    }

    private void Close()
    {
        if (_isClosed) return;
        _isClosed = true;
        _loop.Schedule(_timer, Instant.Never);
        AudioStatistics statistics = Statistics;
        _session.Dispose();
        _rtp.Dispose();
        _rtcp.Dispose();
        _ports.Return(_port);
        _ended.TrySetResult(statistics);
        _handler?.OnEnded(_loop.Now, statistics);
    }

    private bool Post(Action<Instant> action) => _loop.Post(new Work(this, action));

    private sealed class Work(AudioEndpoint endpoint, Action<Instant> action) : ILoopWork
    {
        public void Run(Instant now)
        {
            action(now);
            endpoint.Drain(now);
        }
    }

    private sealed class BeatTimer(AudioEndpoint endpoint) : LoopTimer
    {
        public override void OnDeadline(Instant now)
        {
            endpoint._session.OnDeadline(now);
            endpoint.Drain(now);
        }
    }
}
