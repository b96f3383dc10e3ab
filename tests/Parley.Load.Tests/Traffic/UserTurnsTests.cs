using Parley.Load.Traffic;

namespace Parley.Load.Tests.Traffic;

public sealed class UserTurnsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(997)]
    [InlineData(20_000)]
    public void Everybody_takes_one_turn_before_anybody_comes_again(int users)
    {
        foreach (UserTurns turns in (UserTurns[])[UserTurns.InOrder(users), UserTurns.Scattered(users, 0), UserTurns.Scattered(users, 63)])
        {
            int[] round = [.. Enumerable.Range(0, users).Select(i => turns.At((uint)i))];
            Assert.Equal(Enumerable.Range(0, users), round.Order());
            Assert.Equal(round, Enumerable.Range(users, users).Select(i => turns.At((uint)i)));
        }
    }

    [Fact]
    public void Scattered_nobody_follows_a_neighbour_and_in_two_orders_nobody_the_same()
    {
        const int Users = 20_000;
        int[] steps = [.. Enumerable.Range(0, 64).Select(order => Step(UserTurns.Scattered(Users, (uint)order)))];

        Assert.Distinct(steps);
        Assert.All(steps, step => Assert.InRange(step, 1_000, Users - 1_000));
    }

    [Fact]
    public void Turns_go_on_behind_two_thousand_millions() => Assert.InRange(UserTurns.Scattered(20_000, 1).At(uint.MaxValue), 0, 19_999);

    private static int Step(UserTurns turns) => turns.At(1) - turns.At(0);
}
