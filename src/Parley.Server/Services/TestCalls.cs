using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Server.CallRecords;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Services;

namespace Parley.Server.Services;

/// <summary>Whom anybody can call to try a phone: <c>echo</c> plays back what it hears, <c>music</c> plays a tune.</summary>
internal sealed class TestCalls : ILocalService, IIncomingCallHandler
{
    private readonly EchoService _echo = new();
    private readonly MusicService _music = new();
    private readonly UserAgentCore _core;
    private bool _isEchoCalled;     // while the core takes an INVITE

    /// <summary>The services of a lane.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="ports">The server's media ports.</param>
    /// <param name="configuration">Which address is offered for media.</param>
    /// <param name="records">Where calls are recorded; null where they are not.</param>
    public TestCalls(SipLane lane, MediaPorts ports, ParleyConfiguration configuration, CallRecordStore? records = null) =>
        _core = ServiceCore.Create(lane, ports, configuration, this, records: records);

    /// <inheritdoc/>
    public int OpenCalls => _core.CallCount;

    /// <inheritdoc/>
    public bool Serves(ReadOnlySpan<byte> user) => IsEcho(user) || IsMusic(user);

    /// <inheritdoc/>
    public bool Owns(in SipIncomingRequest request) => _core.Owns(request);

    /// <inheritdoc/>
    public void Take(ref RequestContext request)
    {
        _isEchoCalled = IsEcho(request.RequestUri.User);
        _core.OnRequest(request.Incoming);
    }

    /// <inheritdoc/>
    public void EndCalls() => _core.HangUpAll();

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call)
    {
        IIncomingCallHandler service = _isEchoCalled ? _echo : _music;
        service.OnIncomingCall(call);
    }

    private static bool IsEcho(ReadOnlySpan<byte> user) => user.SequenceEqual("echo"u8);

    private static bool IsMusic(ReadOnlySpan<byte> user) => user.SequenceEqual("music"u8);
}
