using System.Buffers.Binary;
using Parley.Rtp.Srtp;

namespace Parley.Operations.Rtp;

/// <summary>What a call does for each packet with 160 bytes of sound: as it goes out, and as it goes out here and comes in there.</summary>
public sealed class SrtpOperations : IDisposable
{
    private const int PacketLengthBytes = 12 + 160;

    private readonly Direction _counterMode = new(SrtpSuite.AesCm128Tag80);
    private readonly Direction _gcm = new(SrtpSuite.AeadAes128Gcm);

    public IEnumerable<Operation> All =>
    [
        new("SrtpBenchmarks.ProtectByCounterMode", ProtectByCounterMode),
        new("SrtpBenchmarks.ProtectAndUnprotectByCounterMode", ProtectAndUnprotectByCounterMode),
        new("SrtpBenchmarks.ProtectByGcm", ProtectByGcm),
        new("SrtpBenchmarks.ProtectAndUnprotectByGcm", ProtectAndUnprotectByGcm),
    ];

    public int ProtectByCounterMode() => _counterMode.Protect();

    public int ProtectAndUnprotectByCounterMode() => _counterMode.ProtectAndUnprotect();

    public int ProtectByGcm() => _gcm.Protect();

    public int ProtectAndUnprotectByGcm() => _gcm.ProtectAndUnprotect();

    public void Dispose()
    {
        _counterMode.Dispose();
        _gcm.Dispose();
    }

    private sealed class Direction : IDisposable
    {
        private readonly SrtpSender _sender;
        private readonly SrtpReceiver _receiver;
        private readonly byte[] _packet = new byte[256];
        private ushort _number;

        public Direction(SrtpSuite suite)
        {
            var master = new SrtpMasterKey(suite, new byte[suite.MasterKeyLengthBytes], new byte[suite.MasterSaltLengthBytes]);
            (_sender, _receiver) = (new SrtpSender(master), new SrtpReceiver(master));
            _packet[0] = 0x80;
        }

        public int Protect()
        {
            BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(2), _number++);
            return _sender.Protect(_packet, PacketLengthBytes, out int length) == SrtpError.None ? length : throw new InvalidOperationException("It was not protected.");
        }

        public int ProtectAndUnprotect() =>
            _receiver.Unprotect(_packet.AsSpan(0, Protect()), out int length) == SrtpError.None ? length : throw new InvalidOperationException("It was not let in.");

        public void Dispose()
        {
            _sender.Dispose();
            _receiver.Dispose();
        }
    }
}
