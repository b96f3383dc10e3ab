using Parley.Core;
using Parley.Load.Messages;

namespace Parley.Load.Traffic;

/// <summary>The exchanges that are under way: a core that is given messages and times, and gives messages to outboxes.</summary>
/// <remarks>It allocates nothing once it is made. Each exchange uses the port of its user, so a server with several lanes sees several peers.</remarks>
internal sealed class Exchanges
{
    private readonly Exchange[] _slots;
    private readonly Instant[] _looks;      // when each is to be looked at next: going through the exchanges themselves would take the caches from the server beside
    private readonly int[] _free;
    private readonly Port[] _ports;
    private readonly Caller _caller;
    private readonly Callee _callee = new();
    private int _freeCount;
    private UserTurns _turns = UserTurns.InOrder(1);
    private int _swept;
    private int _window;
    private uint _run;
    private uint _begun;

    /// <summary>Room for exchanges.</summary>
    /// <param name="domain">The server's domain.</param>
    /// <param name="ports">Where they come from; one or more.</param>
    /// <param name="room">How many may be under way at once, at most.</param>
    /// <param name="firstRun">The number of the first run: one that no earlier run had at this server.</param>
    public Exchanges(string domain, Port[] ports, int room, uint firstRun)
    {
        (_ports, _run) = (ports, firstRun);
        _caller = new Caller(new Requests(domain), ports);
        _slots = new Exchange[room];
        _looks = new Instant[room];
        _free = new int[room];
        for (int i = 0; i < room; i++)
        {
            _slots[i] = new Exchange();
            _slots[i].Touch();
        }
    }

    /// <summary>What became of those of this run.</summary>
    public Tally Tally { get; } = new();

    /// <summary>How many this run has begun.</summary>
    public long Begun => _begun;

    /// <summary>How many are under way.</summary>
    public int UnderWay => _window - _freeCount;

    /// <summary>True when one more may begin.</summary>
    public bool HasRoom => _freeCount > 0;

    /// <summary>When the last one ended.</summary>
    public Instant LastEnd { get; private set; }

    /// <summary>Begins a run: forgets all that was.</summary>
    /// <param name="work">What its exchanges are.</param>
    /// <param name="users">How many users take turns.</param>
    /// <param name="window">How many exchanges may be under way at once.</param>
    /// <param name="scatters">True when the users take turns scattered, in another order in each run.</param>
    public void BeginRun(WorkKind work, int users, int window, bool scatters = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, _slots.Length);
        _caller.Work = work;
        _callee.AnswersCalls = work != WorkKind.Ring;
        (_window, _freeCount, _begun, _swept) = (window, window, 0, 0);
        _run++;
        _turns = scatters ? UserTurns.Scattered(users, _run) : UserTurns.InOrder(users);
        for (int i = 0; i < _slots.Length; i++) _slots[i].State = ExchangeState.Idle;
        _looks.AsSpan().Fill(Instant.Never);
        for (int i = 0; i < window; i++) _free[i] = window - 1 - i;
        Tally.Clear();
    }

    /// <summary>Begins an exchange.</summary>
    /// <param name="now">The time.</param>
    /// <param name="due">When it should have begun: its time counts from there.</param>
    public void Begin(Instant now, Instant due)
    {
        int slot = _free[--_freeCount];
        Exchange exchange = _slots[slot];
        exchange.Id = new ExchangeId(slot, _begun, _run);
        exchange.User = _turns.At(_begun);
        exchange.Due = due;
        _begun++;
        _caller.Begin(exchange, now);
        _looks[slot] = now + Repeated.FirstInterval;
    }

    /// <summary>A datagram came.</summary>
    public void OnDatagram(Instant now, Port port, ReadOnlySpan<byte> datagram)
    {
        if (!ReceivedMessage.TryRead(datagram, out ReceivedMessage message)) return;
        Exchange? exchange = Find(message.Id);
        if (message.Status == 0)
        {
            if (_callee.OnRequest(exchange, message, port, now)) End(exchange!, isGood: true, now);
        }
        else if (exchange is not null && _caller.OnAnswer(exchange, message, now) is { } isGood)
        {
            if (!isGood)
            {
                Tally.LastRefusal = message.Status;
                if (message.Status == 503) Tally.Refused++;
            }

            End(exchange, isGood, now);
        }
    }

    /// <summary>Looks at the next few for what is to be sent again, and for what has waited too long.</summary>
    /// <remarks>A few at a time: looking at all of them at once would hold up the next answers.</remarks>
    public void Sweep(Instant now, int few)
    {
        for (int i = 0; i < few; i++)
        {
            if (_swept >= _window) _swept = 0;
            int slot = _swept++;
            if (now < _looks[slot]) continue;
            Exchange exchange = _slots[slot];
            if (now >= exchange.GiveUp) End(exchange, isGood: false, now);
            else if (now >= exchange.Request.Next) Repeat(exchange, exchange.Request, now);
            else if (now >= exchange.Answer.Next) Repeat(exchange, exchange.Answer, now);
            if (exchange.State != ExchangeState.Idle) _looks[slot] = NextLook(exchange, now);
        }
    }

    // Whatever is sent from now on is not to be sent again before this.
    private static Instant NextLook(Exchange exchange, Instant now) =>
        Instant.Min(Instant.Min(exchange.GiveUp, now + Repeated.FirstInterval), Instant.Min(exchange.Request.Next, exchange.Answer.Next));

    private Exchange? Find(ExchangeId id) =>
        (uint)id.Slot < (uint)_slots.Length && _slots[id.Slot] is { } exchange && exchange.State != ExchangeState.Idle && exchange.Id == id ? exchange : null;

    private void Repeat(Exchange exchange, Repeated message, Instant now)
    {
        message.Repeat(now);
        Tally.Retransmissions++;
        _ports[exchange.User % _ports.Length].Outbox.Add(message.Bytes);
    }

    private void End(Exchange exchange, bool isGood, Instant now)
    {
        if (isGood) Tally.Times.Record(now - exchange.Due);
        else Tally.Failed++;
        exchange.State = ExchangeState.Idle;
        _looks[exchange.Id.Slot] = Instant.Never;
        _free[_freeCount++] = exchange.Id.Slot;
        LastEnd = now;
    }
}
