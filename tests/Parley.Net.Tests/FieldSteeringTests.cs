using System.Globalization;
using System.Text;

namespace Parley.Net.Tests;

public sealed class FieldSteeringTests
{
    /// <summary>Whatever the key, each socket gets its share: also of values that differ in a digit, and of long ones that differ at their end.</summary>
    [Theory]
    [InlineData("call{0}@test", 2)]
    [InlineData("{0}", 3)]
    [InlineData("1-{0}@127.0.0.1", 4)]
    [InlineData("a84b4c76e66710a84b4c76e66710a84b4c76e66710-{0}", 8)]
    public void Values_that_are_alike_are_spread(string pattern, int sockets)
    {
        const int Values = 800;
        for (int key = 0; key < 50; key++)
        {
            var steering = new FieldSteering("Call-ID");
            var counts = new int[sockets];
            for (int i = 0; i < Values; i++) counts[steering.SocketOf(Encoding.ASCII.GetBytes(string.Format(CultureInfo.InvariantCulture, pattern, i)), sockets)]++;
            Assert.All(counts, count => Assert.InRange(count, Values / sockets / 3, Values / sockets * 2));
        }
    }

    [Fact]
    public void A_value_has_the_same_socket_each_time_and_a_name_must_be_one()
    {
        var steering = new FieldSteering("Call-ID");
        byte[] value = Encoding.ASCII.GetBytes(new string('x', 100));
        Assert.Equal(steering.SocketOf(value, 7), steering.SocketOf(value.AsSpan(0, FieldSteering.MaxValueBytes), 7));
        Assert.Equal(0, steering.SocketOf(default, 1));
        Assert.Throws<ArgumentException>(() => new FieldSteering("Via"));
        Assert.Throws<ArgumentException>(() => new FieldSteering(new string('x', 65)));
        Assert.Throws<ArgumentException>(() => new FieldSteering("Anrufär"));
    }
}
