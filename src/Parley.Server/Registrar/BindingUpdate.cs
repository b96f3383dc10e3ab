using System.Buffers;
using Parley.Server.Configuration;
using Parley.Server.Push;

namespace Parley.Server.Registrar;

/// <summary>What a REGISTER asks of the bindings of one address of record: filled on a lane, applied by the location service.</summary>
/// <remarks>
/// Holds copies of all texts and of the result, and is used again: <see cref="Begin"/> empties it. Its owner leaves it alone from
/// <see cref="BindingBatch.Add"/> until <see cref="OnCompleted"/>.
/// </remarks>
internal abstract class BindingUpdate
{
    private readonly ArrayBufferWriter<byte> _bindings = new();
    private byte[] _text = new byte[512];
    private int _textLength;
    private Contact[] _contacts = new Contact[2];
    private Slice _addressOfRecord, _callId, _userAgent, _source, _path;

    /// <summary>How it ended; valid from <see cref="OnCompleted"/> on.</summary>
    public BindingOutcome Outcome { get; private set; }

    /// <summary>All bindings of the address of record after the update (before it, when it was refused); valid from <see cref="OnCompleted"/> until <see cref="Begin"/>.</summary>
    public BindingSet Bindings => new(_bindings.WrittenSpan);

    /// <summary>The wall-clock time at which it was applied, from which the remaining times of <see cref="Bindings"/> count.</summary>
    public DateTimeOffset AppliedAt { get; private set; }

    /// <summary>The update behind it in its batch; the batch's.</summary>
    internal BindingUpdate? Next { get; set; }

    /// <summary>The canonical address of record (<see cref="Accounts.AddressOfRecord"/>).</summary>
    public ReadOnlySpan<byte> AddressOfRecord => Text(_addressOfRecord);

    /// <summary>Call-ID of the REGISTER.</summary>
    public ReadOnlySpan<byte> CallId => Text(_callId);

    /// <summary>User-Agent of the REGISTER.</summary>
    public ReadOnlySpan<byte> UserAgent => Text(_userAgent);

    /// <summary>The flow that it came over.</summary>
    public ReadOnlySpan<byte> Source => Text(_source);

    /// <summary>Path of the REGISTER.</summary>
    public ReadOnlySpan<byte> Path => Text(_path);

    /// <summary>CSeq number of the REGISTER.</summary>
    public uint CSeq { get; private set; }

    /// <summary>The Expires header in seconds; null when there is none.</summary>
    public uint? Expires { get; private set; }

    /// <summary>How many Contact values are <c>*</c>.</summary>
    public int WildcardCount { get; private set; }

    /// <summary>How many Contact values are addresses.</summary>
    public int ContactCount { get; private set; }

    /// <summary>True when the answer says that bindings were made by RFC 5626: the phone can do it, and a contact has a reg-id that counts.</summary>
    public bool IsOutbound { get; set; }

    /// <summary>True when the answer says how often its connection has to be used (RFC 5626 5.4).</summary>
    public bool IsFlowTimed { get; set; }

    /// <summary>True when the answer gives the GRUU of each instance (RFC 5627).</summary>
    public bool WantsGruu { get; set; }

    /// <summary>What its contacts say of push notifications.</summary>
    public PushRegistration Push;

    /// <summary>The least interval that it may ask for besides what the registrar grants at all, in seconds.</summary>
    public uint LeastExpires { get; set; }

    /// <summary>Starts a new update.</summary>
    /// <param name="addressOfRecord">Canonical (<see cref="Accounts.AddressOfRecord.TryFormat"/>).</param>
    /// <param name="callId">Call-ID.</param>
    /// <param name="cseq">CSeq number.</param>
    /// <param name="expires">The Expires header in seconds; null when there is none.</param>
    public void Begin(ReadOnlySpan<byte> addressOfRecord, ReadOnlySpan<byte> callId, uint cseq, uint? expires)
    {
        _textLength = 0;
        _userAgent = _source = _path = default;
        _addressOfRecord = Keep(addressOfRecord);
        _callId = Keep(callId);
        (CSeq, Expires, WildcardCount, ContactCount) = (cseq, expires, 0, 0);
        (Outcome, AppliedAt, IsOutbound, IsFlowTimed, WantsGruu, Push, LeastExpires) = (default, default, false, false, false, default, 0);
        _bindings.ResetWrittenCount();
    }

    /// <summary>Sets User-Agent.</summary>
    public void SetUserAgent(ReadOnlySpan<byte> userAgent) => _userAgent = Keep(userAgent);

    /// <summary>Sets the flow that the REGISTER came over, as text by which the proxy can find it again.</summary>
    public void SetSource(ReadOnlySpan<byte> source) => _source = Keep(source);

    /// <summary>Sets Path: all its values, comma-separated.</summary>
    public void SetPath(ReadOnlySpan<byte> path) => _path = Keep(path);

    /// <summary>Adds the Contact value <c>*</c>.</summary>
    public void AddWildcard() => WildcardCount++;

    /// <summary>Adds a Contact value.</summary>
    /// <param name="uri">The address without angle brackets.</param>
    /// <param name="q">Thousandths, 0 to 1000, or <see cref="BindingSet.NoQ"/>.</param>
    /// <param name="expires">Its expires parameter in seconds; null when there is none.</param>
    /// <param name="parameters">Its other parameters, <c>;name=value</c> each; a reg-id that counts is the first of them.</param>
    /// <param name="instance">Its +sip.instance, empty for none.</param>
    /// <param name="isAtSource">True when the flow that the REGISTER came over is kept as the way to it.</param>
    public void AddContact(
        ReadOnlySpan<byte> uri, short q, uint? expires, ReadOnlySpan<byte> parameters = default, ReadOnlySpan<byte> instance = default, bool isAtSource = true)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(q, 1000);
        if (ContactCount == _contacts.Length) Array.Resize(ref _contacts, _contacts.Length * 2);
        _contacts[ContactCount++] = new Contact(Keep(uri), Keep(parameters), Keep(instance), expires, q < 0 ? BindingSet.NoQ : q, isAtSource);
    }

    /// <summary>The URI of a Contact value.</summary>
    /// <param name="index">0 to <see cref="ContactCount"/> - 1, in the order they were added.</param>
    public ReadOnlySpan<byte> ContactUri(int index) => Text(_contacts[index].Uri);

    /// <summary>The reg-id of a Contact value; 0 for one that is known by its address.</summary>
    public uint RegId(int index) => BindingSet.RegIdOf(Text(_contacts[index].Parameters));

    /// <summary>The instance of a Contact value with a <see cref="RegId"/>; else empty.</summary>
    public ReadOnlySpan<byte> OutboundInstance(int index) => RegId(index) == 0 ? default : Text(_contacts[index].Instance);

    /// <summary>The instance of a Contact value; empty for none.</summary>
    public ReadOnlySpan<byte> Instance(int index) => Text(_contacts[index].Instance);

    /// <summary>What a Contact value asks for: its parameter, else the Expires header, else nothing (RFC 3261 10.3 step 7).</summary>
    /// <returns>Seconds; null when it leaves the interval to the registrar.</returns>
    public uint? RequestedExpires(int index) => _contacts[index].Expires ?? Expires;

    /// <summary>The binding that a Contact value becomes.</summary>
    internal Binding BindingOf(int index, DateTimeOffset expiresAt, long instanceSince)
    {
        ref readonly Contact contact = ref _contacts[index];
        return new Binding
        {
            Contact = Text(contact.Uri),
            Parameters = Text(contact.Parameters),
            Instance = Text(contact.Instance),
            InstanceSince = instanceSince,
            CallId = CallId,
            CSeq = CSeq,
            UserAgent = UserAgent,
            Source = contact.IsAtSource ? Source : default,
            Path = Path,
            Q = contact.Q,
            ExpiresAt = expiresAt,
        };
    }

    /// <summary>Applies it, which sets <see cref="Outcome"/> and <see cref="Bindings"/>.</summary>
    internal void ApplyTo(BindingSet existing, DateTimeOffset now, RegistrarOptions limits, IContactComparer comparer)
    {
        AppliedAt = now;
        Outcome = BindingSet.Apply(existing, this, now, limits, comparer, _bindings);
    }

    /// <summary>Ends it without a change.</summary>
    /// <param name="outcome">Why.</param>
    /// <param name="bindings">What is bound.</param>
    internal void Refuse(BindingOutcome outcome, BindingSet bindings)
    {
        Outcome = outcome;
        _bindings.ResetWrittenCount();
        _bindings.Write(bindings.Record);
    }

    /// <summary>It is done. Runs on the thread that applied it, outside of the location service's lock; it may be filled again from here.</summary>
    protected internal abstract void OnCompleted();

    private ReadOnlySpan<byte> Text(Slice slice) => _text.AsSpan(slice.Offset, slice.Length);

    private Slice Keep(ReadOnlySpan<byte> text)
    {
        if (_text.Length - _textLength < text.Length) Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + text.Length));
        text.CopyTo(_text.AsSpan(_textLength));
        var slice = new Slice(_textLength, text.Length);
        _textLength += text.Length;
        return slice;
    }

    private readonly record struct Slice(int Offset, int Length);

    private readonly record struct Contact(Slice Uri, Slice Parameters, Slice Instance, uint? Expires, short Q, bool IsAtSource);
}
