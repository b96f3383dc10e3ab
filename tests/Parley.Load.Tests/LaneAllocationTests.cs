using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Load.Servers;
using Parley.Load.Traffic;
using Parley.Net;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;

namespace Parley.Load.Tests;

/// <summary>The budget of a server's whole path, from the socket to the journal and back: nothing on the managed heap.</summary>
/// <remarks>
/// Single operations have theirs in bench/budgets.json. What is left is the handle of each 256 KiB that settled transactions take outside the
/// heap until the first of them ends, 48 bytes for some five hundred exchanges.
/// </remarks>
public sealed class LaneAllocationTests : IAsyncDisposable
{
    private const string Domain = "peers.test";
    private const int Users = 100, Count = 1000, Rounds = 5, HandleBytes = 48, Handles = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private ParleyServer? _server;
    private SipLane? _lane;

    /// <param name="wakes">True for a server that wakes phones, though none of these asks for it.</param>
    private ParleyServer Create(bool wakes)
    {
        Assert.True(NetworkAddress.TryParse("127.0.0.1:0", out NetworkAddress local));
        Assert.True(NetworkPrefix.TryParse("127.0.0.1/32", out NetworkPrefix loopback));
        var configuration = new ParleyConfiguration
        {
            Domains = [new DomainOptions(Domain)],
            Listen = [new ListenUri(ListenTransport.Udp, local)],
            DataFolder = _folder.Path,
            Trusted = [loopback],
            Lanes = 1,
            Push = wakes ? new PushOptions { Url = new Uri("http://127.0.0.1:9/") } : new PushOptions(),
        };
        using (var accounts = new AccountStore(_folder.Path))
        {
            string lines = string.Concat(Enumerable.Range(0, Users).Select(user => $"user{user},pass{user}\n"));
            Assert.Equal(Users, accounts.Import(new StringReader(lines), Domain, configuration.RealmOf(Domain)).Count);
        }

        return new ParleyServer(configuration, new ParleyServerOptions
        {
            Steps =
            [
                lane =>
                {
                    _lane = lane;
                    return new NoStep();
                },
            ],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lane_allocates_nothing_for_registrations_questions_and_calls(bool wakes)
    {
        _server = Create(wakes);
        await _server.StartAsync();
        using var session = new LoadSession(new LoadSessionOptions { Server = _server.Listening[0].Address, Domain = Domain, Spins = false });
        foreach (WorkKind work in (WorkKind[])[WorkKind.Register, WorkKind.Options, WorkKind.Forward, WorkKind.Call])
        {
            var plan = new LoadPlan { Work = work, Count = Count, Users = Users };
            session.Run(plan, serverProcess: null, CancellationToken.None);
            long least = long.MaxValue;
            for (int round = 0; round < Rounds; round++)
            {
                // A table grows now and then, and a collection charges a thread with the rest of its allocation buffer: not in every round.
                long before = AllocatedBytes();
                LoadResult result = session.Run(plan, serverProcess: null, CancellationToken.None);
                Assert.Equal((Count, 0), (result.Done, result.Failed));
                least = Math.Min(least, AllocatedBytes() - before);
            }

            Assert.True(least <= Handles * HandleBytes, $"{Count} times {work} allocated {least} bytes on the lane");
        }
    }

    /// <summary>What the lane's thread has allocated up to now.</summary>
    private long AllocatedBytes()
    {
        using var question = new Question();
        Assert.True(_lane!.Post(question));
        return question.Answer();
    }

    private sealed class Question : ILoopWork, IDisposable
    {
        private readonly ManualResetEventSlim _isAnswered = new();
        private long _answer;

        public long Answer()
        {
            Assert.True(_isAnswered.Wait(Limit));
            return _answer;
        }

        public void Run(Instant now)
        {
            _answer = GC.GetAllocatedBytesForCurrentThread();
            _isAnswered.Set();
        }

        public void Dispose() => _isAnswered.Dispose();
    }

    private sealed class NoStep : IRequestStep
    {
        public StepResult Run(ref RequestContext request) => StepResult.Continue;
    }
}
