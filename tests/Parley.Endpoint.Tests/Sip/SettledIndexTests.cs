using Parley.Endpoint.Sip;

namespace Parley.Endpoint.Tests.Sip;

public sealed class SettledIndexTests
{
    private const uint FirstBit = 0x8000_0000;

    /// <summary>Few hashes, so that many meet in their slot, their tag or all of it, against a list that is gone through.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_finds_what_a_slow_list_has(int seed)
    {
        var random = new Random(seed);
        var index = new SettledIndex(64);
        var model = new List<(uint Hash, uint Position)>();
        uint next = 0;
        for (int step = 0; step < 20_000; step++)
        {
            uint hash = FirstBit | ((uint)random.Next(3) << 24) | ((uint)random.Next(2) << 12) | (uint)random.Next(120, 136);
            if (model.Count < index.Capacity && random.Next(2) == 0)
            {
                index.Add(hash, next);
                model.Add((hash, next++));
            }
            else if (model.Count > 0 && random.Next(2) == 0)
            {
                int leaving = random.Next(model.Count);
                index.Remove(model[leaving].Hash, model[leaving].Position);
                model.RemoveAt(leaving);
            }

            var found = new List<uint>();
            for (int at = 0; index.TryNext(hash, ref at, out uint position);) found.Add(position);
            Assert.Equal(model.Where(entry => entry.Hash == hash).Select(entry => entry.Position).Order(), found.Order());
            Assert.Equal(model.Count, index.Count);
        }

        index.Release();
    }
}
