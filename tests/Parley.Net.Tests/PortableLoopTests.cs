namespace Parley.Net.Tests;

/// <summary>The portable engine: the contract, and what it does not do.</summary>
public sealed class PortableLoopTests() : NetworkLoopContract(NetworkEngine.Portable)
{
    [Fact]
    public void It_says_that_it_cannot_share_ports()
    {
        NetworkLoop loop = Start();
        Assert.False(loop.CanShareDatagramPorts);
        Assert.Throws<NotSupportedException>(() => loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder(), DatagramSharing.Leads));
    }
}
