using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Operations.Sip;

/// <summary>What keeping transactions costs: the key of a message, its look-up, and the lives of the machines over UDP, from start to end.</summary>
public sealed class TransactionOperations
{
    private const int Others = 10_000;

    private static readonly SeededHash128 Hash = new(1, 2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(32);

    private readonly byte[] _message = System.Text.Encoding.ASCII.GetBytes(MessageOperations.InviteText);
    private readonly SipMessageIndex _index = new();
    private readonly BufferPool _buffers = new();
    private readonly TransactionPool _machines = new(TransactionTimers.Default, keep: 4);
    private readonly TransactionTable<SipTransaction> _table = new(2 * Others);
    private readonly TransactionKey _key;
    private Instant _now;

    public TransactionOperations()
    {
        if (!SipParser.TryIndex(_message, _index, out SipParseResult result)) throw new InvalidOperationException(result.Reason);
        if (!TransactionKey.TryForRequest(Hash, new SipMessageView(_message, _index), out _key)) throw new InvalidOperationException("The INVITE has no key.");
        for (int i = 0; i < Others; i++) _table.Add(TransactionKey.ForClient(Hash, BitConverter.GetBytes(i), "BYE"u8), _machines.RentInviteServer());
    }

    public IEnumerable<Operation> All =>
    [
        new("TransactionBenchmarks.MakeKey", MakeKey),
        new("TransactionBenchmarks.AddFindAndRemove", AddFindAndRemove),
        new("TransactionBenchmarks.AcceptedInvite", AcceptedInvite),
        new("TransactionBenchmarks.RefusedInvite", RefusedInvite),
        new("TransactionBenchmarks.NonInvite", NonInvite),
    ];

    public int MakeKey() => TransactionKey.TryForRequest(Hash, new SipMessageView(_message, _index), out _) ? 1 : 0;

    /// <summary>Among 10,000 others.</summary>
    public int AddFindAndRemove()
    {
        InviteServerTransaction machine = _machines.RentInviteServer();
        _table.Add(_key, machine);
        bool isFound = _table.TryGet(_key, out _);
        _table.Remove(_key);
        _machines.Return(machine);
        return isFound ? 1 : 0;
    }

    /// <summary>Both machines of a proxy for an INVITE that rings and is answered.</summary>
    public int AcceptedInvite()
    {
        InviteServerTransaction server = _machines.RentInviteServer();
        InviteClientTransaction client = _machines.RentInviteClient();
        server.Start(_now, _key, isReliable: false);
        int outputs = Drain(server);
        client.Start(_now, _key, isReliable: false, Message());
        outputs += Drain(client);
        foreach (int statusCode in (ReadOnlySpan<int>)[100, 180, 200])
        {
            client.OnResponse(_now, statusCode);
            outputs += Drain(client);
            server.Respond(_now, statusCode, Message());
            outputs += Drain(server);
        }

        return outputs + End(server) + End(client);
    }

    /// <summary>Both machines of a proxy for an INVITE that is busy, with its ACKs.</summary>
    public int RefusedInvite()
    {
        InviteServerTransaction server = _machines.RentInviteServer();
        InviteClientTransaction client = _machines.RentInviteClient();
        server.Start(_now, _key, isReliable: false);
        int outputs = Drain(server);
        client.Start(_now, _key, isReliable: false, Message());
        outputs += Drain(client);
        client.OnResponse(_now, 486);
        outputs += Drain(client);
        server.Respond(_now, 486, Message());
        outputs += Drain(server);
        server.OnAck(_now);
        return outputs + End(server) + End(client);
    }

    /// <summary>Both machines of a proxy for a BYE.</summary>
    public int NonInvite()
    {
        NonInviteServerTransaction server = _machines.RentNonInviteServer();
        NonInviteClientTransaction client = _machines.RentNonInviteClient();
        server.Start(_now, _key, isReliable: false);
        int outputs = Drain(server);
        client.Start(_now, _key, isReliable: false, Message());
        outputs += Drain(client);
        client.OnResponse(_now, 200);
        outputs += Drain(client);
        server.Respond(_now, 200, Message());
        outputs += Drain(server);
        return outputs + End(server) + End(client);
    }

    private PooledBuffer Message() => _buffers.Copy(_message);

    private int End(SipTransaction machine)
    {
        _now += Long;
        machine.OnDeadline(_now);
        int outputs = Drain(machine);
        _machines.Return(machine);
        return outputs;
    }

    private int Drain(SipTransaction machine)
    {
        int outputs = 0;
        while (machine.TryTake(out TransactionOutput output))
        {
            outputs++;
            if (output.Kind == TransactionOutputKind.MakeAck) ((InviteClientTransaction)machine).SetAck(Message());
        }

        return outputs;
    }
}
