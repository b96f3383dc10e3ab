using System.Text;
using Parley.Load.Messages;

namespace Parley.Load.Tests.Messages;

public sealed class ExchangeIdTests
{
    [Theory]
    [InlineData(0, 0u, 0u)]
    [InlineData(17, 4711u, 0xdeadbeef)]
    [InlineData(int.MaxValue, uint.MaxValue, uint.MaxValue)]
    public void What_is_written_is_read(int slot, uint sequence, uint run)
    {
        var id = new ExchangeId(slot, sequence, run);
        var writer = new MessageWriter(new byte[64]);
        id.WriteTo(ref writer);
        writer.Text("@load"u8);

        Assert.True(ExchangeId.TryRead(writer.Written, out ExchangeId read));
        Assert.Equal(id, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000001")]
    [InlineData("0000000100000002000000")]
    [InlineData("some-phone-made-this-up@192.0.2.1")]
    [InlineData("ffffffff0000000000000000")]
    public void What_others_wrote_is_not(string callId) => Assert.False(ExchangeId.TryRead(Encoding.ASCII.GetBytes(callId), out _));
}
