using System.Text;
using Parley.Core;
using Parley.Sip.Transactions;

namespace Parley.Sip.Tests.Transactions;

/// <summary>A client and a server machine with a bad wire between them: packets are lost, doubled and late.</summary>
public class LossSimulationTests
{
    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.01, 0.05)]
    [InlineData(0.2, 0.1)]
    [InlineData(0.5, 0.2)]
    public void A_refused_invite_ends_on_both_sides(double loss, double duplicates)
    {
        int refused = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var wire = new Wire(seed, loss, duplicates, isInvite: true, finalStatusCode: 486);
            wire.Run();
            wire.AssertOver();
            if (wire.ClientFinal == 486) refused++;
            Assert.True(wire.ClientDeliveries(486) <= 1, $"seed {seed}: a retransmission was delivered");
            if (wire.ClientDeliveries(486) == 1) Assert.True(wire.ServerDeliveries == 1, $"seed {seed}");
        }

        Assert.InRange(refused, loss < 0.1 ? 300 : 290, 300);
    }

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.01, 0.05)]
    [InlineData(0.2, 0.1)]
    [InlineData(0.5, 0.2)]
    public void An_accepted_invite_is_delivered_once_and_ends_on_both_sides(double loss, double duplicates)
    {
        int accepted = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var wire = new Wire(seed, loss, duplicates, isInvite: true, finalStatusCode: 200);
            wire.Run();
            wire.AssertOver();
            Assert.True(wire.ServerDeliveries <= 1, $"seed {seed}: the INVITE was delivered twice");
            if (wire.ClientFinal == 200) accepted++;
        }

        // The user sends its 2xx again every 500 ms to 4 s here, as RFC 3261 13.3.1.4 has it do.
        Assert.InRange(accepted, loss < 0.1 ? 300 : 290, 300);
    }

    [Theory]
    [InlineData(0.0, 0.0)]
    [InlineData(0.01, 0.05)]
    [InlineData(0.2, 0.1)]
    [InlineData(0.5, 0.2)]
    public void A_non_invite_is_answered_once_and_ends_on_both_sides(double loss, double duplicates)
    {
        int answered = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var wire = new Wire(seed, loss, duplicates, isInvite: false, finalStatusCode: 200);
            wire.Run();
            wire.AssertOver();
            Assert.True(wire.ClientDeliveries(200) <= 1, $"seed {seed}: a retransmission was delivered");
            Assert.True(wire.ServerDeliveries <= 1, $"seed {seed}: the request was delivered twice");
            if (wire.ClientFinal == 200) answered++;
        }

        Assert.InRange(answered, loss < 0.1 ? 300 : 280, 300);
    }

    [Fact]
    public void Without_loss_nothing_is_sent_twice()
    {
        var wire = new Wire(seed: 1, loss: 0, duplicates: 0, isInvite: true, finalStatusCode: 486, userDelaySeconds: 2);
        wire.Run();
        Assert.Equal("INVITE 100 486 ACK", string.Join(' ', wire.Sent));

        wire = new Wire(seed: 1, loss: 0, duplicates: 0, isInvite: false, finalStatusCode: 200, userDelaySeconds: 0.1);
        wire.Run();
        Assert.Equal("REQUEST 200", string.Join(' ', wire.Sent));
    }

    private sealed class Wire
    {
        private readonly Random _random;
        private readonly double _loss;
        private readonly double _duplicates;
        private readonly int _seed;
        private readonly bool _isInvite;
        private readonly int _finalStatusCode;
        private readonly BufferPool _pool = new();
        private readonly PriorityQueue<Action, long> _events = new();
        private readonly SipTransaction _client;
        private readonly List<int> _delivered = [];
        private readonly double _userDelaySeconds;
        private ServerTransaction? _server;
        private Instant _now = Instant.Zero;
        private bool _isServerOver;
        private int _current;       // the status code of the response that is being given to the client

        public Wire(int seed, double loss, double duplicates, bool isInvite, int finalStatusCode, double? userDelaySeconds = null)
        {
            (_seed, _random, _loss, _duplicates, _isInvite, _finalStatusCode) = (seed, new Random(seed), loss, duplicates, isInvite, finalStatusCode);
            _userDelaySeconds = userDelaySeconds ?? _random.NextDouble() * 3;
            _client = isInvite ? new InviteClientTransaction(TransactionTimers.Default) : new NonInviteClientTransaction(TransactionTimers.Default);
        }

        public List<string> Sent { get; } = [];

        public int ClientFinal { get; private set; }

        public int ServerDeliveries { get; private set; }

        public int ClientDeliveries(int statusCode) => _delivered.Count(code => code == statusCode);

        public void Run()
        {
            if (_client is InviteClientTransaction invite) invite.Start(_now, MachineBench.Key, isReliable: false, _pool.Copy("INVITE"u8));
            else ((NonInviteClientTransaction)_client).Start(_now, MachineBench.Key, isReliable: false, _pool.Copy("REQUEST"u8));
            Drain(_client);
            for (int steps = 0; ; steps++)
            {
                Assert.True(steps < 5000, $"seed {_seed}: it does not end");
                Instant due = Instant.Min(_client.NextDeadline, _server?.NextDeadline ?? Instant.Never);
                if (_events.TryPeek(out _, out long at) && Instant.FromTicks(at) <= due)
                {
                    _now = Instant.Max(_now, Instant.FromTicks(at));
                    _events.Dequeue()();
                }
                else if (!due.IsNever)
                {
                    _now = Instant.Max(_now, due);
                    _client.OnDeadline(_now);
                    Drain(_client);
                    _server?.OnDeadline(_now);
                    if (_server is not null) Drain(_server);
                }
                else
                {
                    break;
                }
            }
        }

        public void AssertOver()
        {
            Assert.True(_client.IsEnded, $"seed {_seed}: the client still runs");
            Assert.True(_server is null, $"seed {_seed}: the server still runs");
            Assert.True(_pool.Outstanding == 0, $"seed {_seed}: {_pool.Outstanding} leases are left");
            Assert.True(ClientFinal != 0, $"seed {_seed}: the client's user knows no outcome");
        }

        private void Drain(SipTransaction machine)
        {
            bool isClient = machine == _client;
            while (machine.TryTake(out TransactionOutput output))
            {
                switch (output.Kind)
                {
                    case TransactionOutputKind.Send:
                        Send(isClient, Encoding.ASCII.GetString(output.Message!.Span));
                        break;
                    case TransactionOutputKind.MakeAck:
                        ((InviteClientTransaction)machine).SetAck(_pool.Copy("ACK"u8));
                        break;
                    case TransactionOutputKind.MakeTrying:
                        ((ServerTransaction)machine).Respond(_now, 100, _pool.Copy("100"u8));
                        break;
                    case TransactionOutputKind.Deliver when isClient:
                        _delivered.Add(_current);
                        if (_current >= 200) ClientFinal = _current;
                        break;
                    case TransactionOutputKind.Deliver:
                        ServerDeliveries++;
                        After(_userDelaySeconds, Answer);
                        break;
                    case TransactionOutputKind.TimedOut when isClient:
                        ClientFinal = 408;
                        break;
                    case TransactionOutputKind.Ended when !isClient:
                        (_server, _isServerOver) = (null, true);
                        break;
                }
            }
        }

        /// <summary>The transaction user of the server: it sends a 2xx to an INVITE again and again, as nobody else does.</summary>
        private void Answer()
        {
            if (_server is null) return;
            _server.Respond(_now, _finalStatusCode, _pool.Copy(Encoding.ASCII.GetBytes($"{_finalStatusCode}")));
            Drain(_server);
            if (_isInvite && _finalStatusCode == 200 && _loss > 0) After(1, Answer);
        }

        private void Send(bool fromClient, string message)
        {
            Sent.Add(message);
            int copies = _random.NextDouble() < _loss ? 0 : _random.NextDouble() < _duplicates ? 2 : 1;
            for (int i = 0; i < copies; i++) After(_random.NextDouble() * 0.2, () => Arrive(fromClient, message));
        }

        private void Arrive(bool atServer, string message)
        {
            if (!atServer)
            {
                _current = int.Parse(message, System.Globalization.CultureInfo.InvariantCulture);
                if (_client is InviteClientTransaction invite) invite.OnResponse(_now, _current);
                else ((NonInviteClientTransaction)_client).OnResponse(_now, _current);
                Drain(_client);
                return;
            }

            if (message == "ACK")
            {
                (_server as InviteServerTransaction)?.OnAck(_now);
            }
            else if (_server is not null)
            {
                _server.OnRetransmission(_now);
            }
            else if (!_isServerOver)
            {
                _server = _isInvite ? new InviteServerTransaction(TransactionTimers.Default) : new NonInviteServerTransaction(TransactionTimers.Default);
                _server.Start(_now, MachineBench.Key, isReliable: false);
            }
            else
            {
                Assert.Fail($"seed {_seed}: a request came after its server transaction had ended");
            }

            if (_server is not null) Drain(_server);
        }

        private void After(double seconds, Action action) => _events.Enqueue(action, (_now + TimeSpan.FromSeconds(seconds)).Ticks);
    }
}
