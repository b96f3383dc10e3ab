using Parley.Core;
using Parley.Load.Messages;

namespace Parley.Load.Traffic;

/// <summary>The side that asks: begins exchanges and takes them on when answers come.</summary>
/// <remarks>
/// <code>
/// register    Asking -401-> Asking -200-> done
/// options     Asking -200-> done
/// forward     Asking -200-> done
/// call        Inviting -200, ACK, BYE-> Ending -200-> done
/// hold        Inviting -200, ACK-> Acknowledging -ACK comes to the callee-> done
/// ring        Inviting -180-> done
/// </code>
/// Any other final answer, and none within 5 s, is a failure.
/// </remarks>
internal sealed class Caller(Requests requests, Port[] ports)
{
    /// <summary>How long a request waits for its answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly byte[] _ack = new byte[Network.BatchSocket.MaxDatagramBytes];

    /// <summary>What the exchanges are.</summary>
    public WorkKind Work { get; set; }

    /// <summary>Sends an exchange's first request.</summary>
    public void Begin(Exchange exchange, Instant now)
    {
        exchange.Number = 1;
        exchange.ForgetDialog();
        exchange.State = Work is WorkKind.Call or WorkKind.Hold or WorkKind.Ring ? ExchangeState.Inviting : ExchangeState.Asking;
        RequestParts parts = Parts(exchange);
        Span<byte> room = exchange.Request.Room;
        Send(exchange, now, Work switch
        {
            WorkKind.Register => requests.Register(room, parts, default),
            WorkKind.Options => requests.OptionsToServer(room, parts),
            WorkKind.Forward => requests.OptionsToUser(room, parts),
            _ => requests.Invite(room, parts),
        });
    }

    /// <summary>An answer came.</summary>
    /// <returns>True when it ended the exchange well, false when it ended it otherwise; null when it goes on.</returns>
    public bool? OnAnswer(Exchange exchange, in ReceivedMessage answer, Instant now)
    {
        if (answer.Number != exchange.Number)
        {
            // The callee's 200 once more: the ACK was lost.
            if (exchange.State == ExchangeState.Ending && answer.Status is >= 200 and < 300) SendAck(exchange);
            return null;
        }

        return exchange.State switch
        {
            ExchangeState.Asking => OnAnswerWhileAsking(exchange, answer, now),
            ExchangeState.Inviting => OnAnswerWhileInviting(exchange, answer, now),
            ExchangeState.Acknowledging when answer.Status is >= 200 and < 300 => SendAck(exchange),
            ExchangeState.Ending when answer.Status >= 200 => answer.Status < 300,
            _ => null,
        };
    }

    private bool? OnAnswerWhileAsking(Exchange exchange, in ReceivedMessage answer, Instant now)
    {
        if (answer.Status < 200) return null;
        if (Work != WorkKind.Register || answer.Status != 401 || exchange.Number != 1) return answer.Status < 300;
        if (!DigestChallenge.TryRead(answer.Challenge, out DigestChallenge challenge)) return false;
        exchange.Number = 2;
        Send(exchange, now, requests.Register(exchange.Request.Room, Parts(exchange), challenge));
        return null;
    }

    private bool? OnAnswerWhileInviting(Exchange exchange, in ReceivedMessage answer, Instant now)
    {
        if (answer.Status < 200)
        {
            exchange.Request.End();     // RFC 3261 17.1.1.2: a provisional answer ends Timer A
            return Work == WorkKind.Ring && answer.Status == 180 ? true : null;
        }

        if (answer.Status >= 300)
        {
            int length = requests.AckOfRefusal(_ack, Parts(exchange) with { To = answer.To });
            PortOf(exchange).Outbox.Add(_ack.AsSpan(0, length));
            return false;
        }

        exchange.KeepDialog(answer);
        exchange.Request.End();
        SendAck(exchange);
        if (Work == WorkKind.Hold)
        {
            exchange.State = ExchangeState.Acknowledging;
            exchange.GiveUp = now + Patience;
            return null;
        }

        exchange.State = ExchangeState.Ending;
        exchange.Number = 2;
        Send(exchange, now, requests.Bye(exchange.Request.Room, Parts(exchange)));
        return null;
    }

    private bool? SendAck(Exchange exchange)
    {
        int length = requests.Ack(_ack, Parts(exchange) with { Number = 1, Transaction = 9 });
        PortOf(exchange).Outbox.Add(_ack.AsSpan(0, length));
        return null;
    }

    private void Send(Exchange exchange, Instant now, int length)
    {
        exchange.Request.Begin(length, now);
        exchange.GiveUp = now + Patience;
        PortOf(exchange).Outbox.Add(exchange.Request.Bytes);
    }

    private Port PortOf(Exchange exchange) => ports[exchange.User % ports.Length];

    private RequestParts Parts(Exchange exchange) => new()
    {
        Id = exchange.Id,
        Transaction = exchange.Number,
        Number = exchange.Number,
        User = exchange.User,
        Local = PortOf(exchange).Text,
        To = exchange.To,
        Target = exchange.Target,
        Routes = exchange.Routes,
    };
}
