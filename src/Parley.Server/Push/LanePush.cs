using System.Buffers;
using System.Buffers.Binary;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Registrar;
using Parley.Sip.Messages;

namespace Parley.Server.Push;

/// <summary>Push notifications as a lane sees them: which phones of a request sleep, and what a phone that registers is told.</summary>
/// <remarks>
/// A PURR (RFC 8599 6.2.1) is a <see cref="SealedToken"/> of the phone's id and its address of record, so that none is kept: each answer to a REGISTER has a new
/// one, and all of them hold for as long as the phone has a binding. All members are the lane's. Source: RFC 8599 5, 6.
/// </remarks>
internal sealed class LanePush(ServerLane server, PushBucket bucket)
{
    private const int IdBytes = 16;

    private readonly SealedToken _purrs = new(server.Server.Keys.SealingKey("purr"u8));
    private readonly ArrayBufferWriter<byte> _bindings = new();

    /// <summary>What waits for phones.</summary>
    public PushBucket Bucket => bucket;

    /// <summary>How phones are woken.</summary>
    public PushOptions Options => bucket.Options;

    /// <summary>Phones have registered: what waits for them goes on.</summary>
    /// <param name="update">The update.</param>
    /// <param name="purr">Gets the PURR of the phone; <see cref="SealedToken.MaxBytes"/> suffice.</param>
    /// <returns>Bytes written; 0 when it bound no phone that is woken.</returns>
    public int OnRegistered(BindingUpdate update, Span<byte> purr)
    {
        int length = 0;
        foreach (Binding binding in update.Bindings.LiveAt(update.AppliedAt))
        {
            if (binding.CSeq != update.CSeq || !binding.CallId.SequenceEqual(update.CallId) || !SipUriView.TryParse(binding.Contact, out SipUriView uri)) continue;
            if (!bucket.TryGetId(update.AddressOfRecord, binding, uri, out _, out UInt128 id)) continue;
            bucket.OnRegistered(id);
            if (length == 0) length = WritePurr(update.AddressOfRecord, id, purr);
        }

        return length;
    }

    /// <summary>Finds out whether a binding's phone sleeps, and whether a request may wake it.</summary>
    /// <param name="caller">Who has sent it.</param>
    /// <param name="method">Its method.</param>
    /// <param name="addressOfRecord">Whose binding it is.</param>
    /// <param name="binding">The binding.</param>
    /// <param name="contact">Its Contact.</param>
    /// <returns>What is to be done.</returns>
    public PushTarget Look(CallerKind caller, SipMethod method, ReadOnlySpan<byte> addressOfRecord, scoped in Binding binding, scoped in SipUriView contact)
    {
        if (!bucket.TryGetId(addressOfRecord, binding, contact, out PushParameters parameters, out UInt128 id)) return default;
        bool isAwake = IsAwake(binding, id, out _);
        bool isStranger = caller == CallerKind.Stranger;
        if (isStranger && !(Options.Strangers && method == SipMethod.Invite)) return new PushTarget(Phone: null, IsAsleep: !isAwake);
        return new PushTarget(PhoneToWake.Of(addressOfRecord, id, parameters) with { IsForStranger = isStranger }, !isAwake);
    }

    /// <summary>Finds the phone that a request in a dialog is for by the PURR in its Request-URI.</summary>
    /// <param name="request">The request.</param>
    /// <param name="flow">The flow to it, where there is one; the one that it registered over last takes its place.</param>
    /// <returns>What is to be done.</returns>
    /// <remarks>Source: RFC 8599 6.2.3.</remarks>
    public PushTarget LookByPurr(ref RequestContext request, ref SipFlow? flow)
    {
        if (!request.IsInDialog || request.Caller == CallerKind.Stranger || !request.RequestUri.IsSip || !request.RequestUri.Parameters.TryGet("pn-purr"u8, out UriParameterView purr)) return default;
        Span<byte> content = stackalloc byte[SealedToken.MaxContentBytes];
        if (!_purrs.TryRead(purr.Value, content, out int length) || length <= IdBytes) return default;
        UInt128 id = BinaryPrimitives.ReadUInt128LittleEndian(content);
        ReadOnlySpan<byte> addressOfRecord = content[IdBytes..length];
        if (!TryFind(addressOfRecord, id, out Binding binding, out PushParameters parameters)) return default;
        bool isAwake = IsAwake(binding, id, out SipFlow connection) || flow is { IsReliable: true };
        if (connection.Remote.IsSpecified) flow = connection;
        else if (SipUriView.TryParse(binding.Contact, out SipUriView contact) && FindTargets.FlowTo(server.Lane, binding, contact, out _) is { } registered) flow = registered;
        return new PushTarget(PhoneToWake.Of(addressOfRecord, id, parameters) with { IsInDialog = true }, !isAwake);
    }

    /// <summary>The newest binding of a phone: a view that is valid until the next look-up.</summary>
    public bool TryFind(scoped ReadOnlySpan<byte> addressOfRecord, UInt128 id, out Binding found, out PushParameters parameters)
    {
        found = default;
        parameters = default;
        foreach (Binding binding in server.Server.Location.Find(addressOfRecord, _bindings).LiveAt(server.Lane.Loop.Time.GetUtcNow()))
        {
            if (!SipUriView.TryParse(binding.Contact, out SipUriView uri) || !bucket.TryGetId(addressOfRecord, binding, uri, out parameters, out UInt128 bound) || bound != id) continue;
            found = binding;
            return true;
        }

        parameters = default;
        return false;
    }

    /// <summary>True when a phone most likely hears what is sent to it: its connection stands; or it has none, and has registered a moment ago.</summary>
    private bool IsAwake(scoped in Binding binding, UInt128 id, out SipFlow connection) =>
        PhoneToWake.TryGetConnection(server.Lane, binding, out connection, out bool isOver) || (!isOver && bucket.IsAwake(id));

    private int WritePurr(ReadOnlySpan<byte> addressOfRecord, UInt128 id, Span<byte> destination)
    {
        Span<byte> content = stackalloc byte[IdBytes + AddressOfRecord.MaxBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(content, id);
        addressOfRecord.CopyTo(content[IdBytes..]);
        return _purrs.Write(content[..(IdBytes + addressOfRecord.Length)], destination);
    }
}

/// <summary>What a request has to do with push notifications at one of its targets.</summary>
/// <param name="Phone">The phone, where the request may wake it; null where it may not, or the target is none that is woken.</param>
/// <param name="IsAsleep">True when nothing reaches it before it was woken.</param>
internal readonly record struct PushTarget(PhoneToWake? Phone, bool IsAsleep)
{
    /// <summary>True when the request has no way there: the phone sleeps, and the request may not wake it.</summary>
    public bool IsOutOfReach => IsAsleep && Phone is null;
}
