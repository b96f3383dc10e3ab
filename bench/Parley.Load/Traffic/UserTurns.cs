namespace Parley.Load.Traffic;

/// <summary>The order in which users take turns: one after the other, or scattered, each of them once before anybody comes again.</summary>
/// <remarks>
/// A server keeps neighbours beside each other, and who goes through them in their order finds in its caches what the neighbour's turn brought there. People come in no such order.
/// </remarks>
internal readonly struct UserTurns
{
    private const double GoldenSection = 0.6180339887498949;    // whose multiples lie as far from each other as they can

    private const uint Orders = 64;

    private readonly uint _users;
    private readonly uint _step;

    private UserTurns(uint users, uint step) => (_users, _step) = (users, step);

    /// <summary>User 0, 1, 2 and so on.</summary>
    /// <param name="users">How many there are; one or more.</param>
    public static UserTurns InOrder(int users) => new((uint)users, 1);

    /// <summary>Steps of the golden section through all of them.</summary>
    /// <param name="users">How many there are; one or more.</param>
    /// <param name="order">Which of 64 orders. Where there are hundreds of users nobody is followed by the same one in two of them: a server that keeps people as they came last has them scattered in the next.</param>
    public static UserTurns Scattered(int users, uint order)
    {
        uint step = (uint)(users * GoldenSection);
        for (uint left = order % Orders; ; step++)
        {
            if (GreatestCommonDivisor(step, (uint)users) == 1 && left-- == 0) return new UserTurns((uint)users, step);
        }
    }

    /// <summary>Whose turn it is.</summary>
    /// <param name="turn">0 for the first.</param>
    public int At(uint turn) => (int)((ulong)turn * _step % _users);

    private static uint GreatestCommonDivisor(uint a, uint b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
