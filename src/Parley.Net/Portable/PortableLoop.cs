using System.Net.Sockets;
using Parley.Core;
using Parley.Net.Streams;

namespace Parley.Net.Portable;

/// <summary>A loop over the platform's sockets and select.</summary>
internal sealed class PortableLoop : NetworkLoop
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    private readonly Dictionary<Socket, IPortableSource> _sources = [];
    private readonly List<Socket> _toRead = [];
    private readonly List<Socket> _toWrite = [];
    private readonly List<Socket> _failed = [];
    private readonly PortableWakeUp _wakeUp = new();

    public PortableLoop(NetworkLoopOptions options)
        : base(options)
    {
        Add(_wakeUp);
    }

    public override bool CanShareDatagramPorts => false;

    /// <summary>Where datagrams are read into: valid during one handler's call. The loop's.</summary>
    public byte[] DatagramBuffer => field ??= new byte[BufferPool.MaxLengthBytes];

    public void Add(IPortableSource source) => _sources.Add(source.Socket, source);

    public void Remove(IPortableSource source) => _sources.Remove(source.Socket);

    private protected override IDatagramSocket OpenDatagramSocket(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing, NetworkAddress groupInterface)
    {
        var opened = new PortableDatagramSocket(this, Sockets.OpenDatagram(local, Options.DatagramBufferBytes, groupInterface), handler);
        opened.Begin();
        return opened;
    }

    private protected override IStreamListener OpenListener(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        var listener = new PortableStreamListener(this, Sockets.OpenListener(local), accept);
        listener.Begin();
        return listener;
    }

    private protected override StreamConnection StartConnection(NetworkAddress remote, IStreamHandler handler) =>
        PortableStreamConnection.Start(this, remote, handler);

    private protected override void Wait(TimeSpan timeout, Instant deadline)
    {
        _toRead.Clear();
        _toWrite.Clear();
        _failed.Clear();
        foreach ((Socket socket, IPortableSource source) in _sources)
        {
            if (source.WantsToRead) _toRead.Add(socket);
            if (!source.WantsToWrite) continue;
            _toWrite.Add(socket);
            _failed.Add(socket);    // some systems tell only here that a connection could not be made
        }

        if (timeout < TimeSpan.Zero || timeout > LongestWait) timeout = LongestWait;
        Socket.Select(_toRead, _toWrite, _failed, (int)Math.Ceiling(timeout.TotalMicroseconds));
    }

    internal override void ReceiveFor(NetworkLoop other)
    {
        // Ports cannot be shared.
    }

    private protected override void Pause(TimeSpan time)
    {
        // The system's timers are too coarse.
    }

    private protected override void RunReady()
    {
        foreach (Socket socket in _toRead) Run(socket, static source => source.OnReadable());
        foreach (Socket socket in _toWrite) Run(socket, static source => source.OnWritable());
        foreach (Socket socket in _failed) Run(socket, static source => source.OnWritable());
    }

    private protected override void Interrupt() => _wakeUp.Set();

    private protected override LoopSource[] Sources() => [.. _sources.Values.OfType<LoopSource>()];

    private protected override void Release() => _wakeUp.Dispose();

    private void Run(Socket socket, Action<IPortableSource> turn)
    {
        if (!_sources.TryGetValue(socket, out IPortableSource? source)) return;     // closed earlier in this round
        try
        {
            turn(source);
        }
        catch (Exception exception)
        {
            Fault(exception);
        }
    }
}
