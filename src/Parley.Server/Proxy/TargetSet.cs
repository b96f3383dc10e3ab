using Parley.Endpoint.Sip;
using Parley.Server.Push;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Where a request may be forwarded to: each URI once, with what is known of the way there.</summary>
/// <remarks>
/// Holds copies, and is used again after <see cref="Clear"/>. Targets are taken by falling preference; those of equal
/// preference form a group that is tried at once. Source: RFC 3261 16.5 and 16.6.
/// </remarks>
internal sealed class TargetSet
{
    /// <summary>The preference of those that are tried first.</summary>
    public const int MostPreferred = 1000;

    private byte[] _text = new byte[256];
    private int _textLength;
    private Entry[] _entries = new Entry[1];
    private int _count;
    private bool _hasPhones;    // to be let go of

    private struct Entry
    {
        public int UriOffset;
        public int UriLength;
        public int PathLength;      // behind the URI
        public int InstanceLength;  // behind the path
        public SipFlow Flow;
        public bool HasFlow;
        public bool IsTaken;
        public bool IsSecure;
        public bool IsReserve;      // of an instance that an earlier target leads to
        public int Preference;
        public short Owner;
        public PhoneToWake? Phone;
        public bool IsAsleep;
    }

    /// <summary>How many there are, tried or not.</summary>
    public int Count => _count;

    /// <summary>Forgets all targets; the memory stays, within reason.</summary>
    public void Clear()
    {
        _count = _textLength = 0;
        if (_text.Length > 4096) _text = new byte[256];
        if (_entries.Length > 16) _entries = new Entry[1];
        else if (_hasPhones) Array.Clear(_entries);
        _hasPhones = false;
    }

    /// <summary>Adds a target, unless it is there already.</summary>
    /// <param name="uri">Its URI; what may not stand in a Request-URI is left out (RFC 3261 19.1.1).</param>
    /// <param name="preference">Thousandths of q, 0 to 1000.</param>
    /// <param name="path">The route to it, Route values between commas; empty for none (RFC 3327).</param>
    /// <param name="flow">The flow to it; null to find it by the URI.</param>
    /// <param name="isForSip">True when the request is for a <c>sip</c> URI: a <c>sips</c> target gets that scheme too, and is reached by TLS all the same (RFC 5630 5.3).</param>
    /// <param name="owner">Which of several users it belongs to.</param>
    /// <param name="instance">The instance that it is; of several targets of one user's instance one is tried, and the others are held back for when nothing leads there (RFC 5626 7). Empty when unknown.</param>
    /// <param name="callerPreference">How well it fits what the caller prefers, 0 to 1000: the order among those of one q (RFC 3841 7.2.4).</param>
    /// <param name="push">What it has to do with push notifications.</param>
    /// <returns>False when it was there.</returns>
    public bool Add(
        scoped in SipUriView uri, int preference, ReadOnlySpan<byte> path = default, SipFlow? flow = null, bool isForSip = false, int owner = 0, ReadOnlySpan<byte> instance = default, int callerPreference = CallerPreferences.Best, PushTarget push = default)
    {
        bool isReserve = false;
        for (int i = 0; i < _count; i++)
        {
            if (instance.IsEmpty && SipUriView.TryParse(UriOf(i), out SipUriView known) && SipUriView.Equivalent(known, uri)) return false;
            isReserve |= !instance.IsEmpty && _entries[i].Owner == owner && InstanceOf(i).SequenceEqual(instance);
        }

        if (_count == _entries.Length) Array.Resize(ref _entries, _count * 2);
        int offset = _textLength;
        bool isSecure = isForSip && uri.Scheme == SipUriScheme.Sips;
        if (isSecure) Append("sip"u8);
        AppendRequestUri(uri, from: isSecure ? "sips".Length : 0);
        int length = _textLength - offset;
        Append(path);
        Append(instance);
        _entries[_count++] = new Entry
        {
            UriOffset = offset,
            UriLength = length,
            PathLength = path.Length,
            InstanceLength = instance.Length,
            IsReserve = isReserve,
            Flow = flow ?? default,
            HasFlow = flow is not null,
            IsSecure = isSecure,
            Preference = (preference * (CallerPreferences.Best + 1)) + callerPreference,
            Owner = (short)owner,
            Phone = push.Phone,
            IsAsleep = push.IsAsleep,
        };
        _hasPhones |= push.Phone is not null;
        return true;
    }

    /// <summary>The preference of the group that is next: q and, behind it, the caller's.</summary>
    /// <value>-1 when none is left.</value>
    public int NextPreference
    {
        get
        {
            int best = -1;
            for (int i = 0; i < _count; i++)
            {
                if (IsLeft(i) && _entries[i].Preference > best) best = _entries[i].Preference;
            }

            return best;
        }
    }

    /// <summary>How many are left, of all groups.</summary>
    public int CountLeftInAll
    {
        get
        {
            int left = 0;
            for (int i = 0; i < _count; i++)
            {
                if (IsLeft(i)) left++;
            }

            return left;
        }
    }

    /// <summary>How many of a group are left.</summary>
    public int CountLeft(int preference)
    {
        int left = 0;
        for (int i = 0; i < _count; i++)
        {
            if (IsLeft(i) && _entries[i].Preference == preference) left++;
        }

        return left;
    }

    /// <summary>Takes the first that is left of a group.</summary>
    /// <returns>Its index; -1 when none is left.</returns>
    public int Take(int preference)
    {
        for (int i = 0; i < _count; i++)
        {
            if (!IsLeft(i) || _entries[i].Preference != preference) continue;
            _entries[i].IsTaken = true;
            return i;
        }

        return -1;
    }

    /// <summary>The phone that a target is, where it can be woken; else null.</summary>
    public PhoneToWake? PhoneOf(int index) => _entries[index].Phone;

    /// <summary>True when nothing reaches a target's phone before it is woken.</summary>
    public bool IsAsleep(int index) => _entries[index].IsAsleep;

    /// <summary>The phone of a target is awake, and somewhere else than before.</summary>
    public void Move(int index, scoped in SipUriView uri, ReadOnlySpan<byte> path, SipFlow? flow, bool isForSip)
    {
        ref Entry entry = ref _entries[index];
        byte[] instance = InstanceOf(index).ToArray();
        entry.IsSecure = isForSip && uri.Scheme == SipUriScheme.Sips;
        entry.UriOffset = _textLength;
        if (entry.IsSecure) Append("sip"u8);
        AppendRequestUri(uri, from: entry.IsSecure ? "sips".Length : 0);
        (entry.UriLength, entry.PathLength) = (_textLength - entry.UriOffset, path.Length);
        Append(path);
        Append(instance);
        Move(index, flow);
    }

    /// <summary>The phone of a target is awake, and another flow leads there.</summary>
    public void Move(int index, SipFlow? flow)
    {
        ref Entry entry = ref _entries[index];
        (entry.IsAsleep, entry.Flow, entry.HasFlow) = (false, flow ?? default, flow is not null);
    }

    /// <summary>True for a target that is an instance on a flow (RFC 5626).</summary>
    public bool IsOutbound(int index) => _entries[index].InstanceLength > 0;

    /// <summary>Takes another way to the instance of a target, for when nothing came of that one.</summary>
    /// <returns>Its index; -1 when none is left.</returns>
    public int TakeReserve(int index)
    {
        ReadOnlySpan<byte> instance = InstanceOf(index);
        for (int i = 0; i < _count && !instance.IsEmpty; i++)
        {
            if (_entries[i].IsTaken || _entries[i].Owner != _entries[index].Owner || !InstanceOf(i).SequenceEqual(instance)) continue;
            _entries[i].IsTaken = true;
            return i;
        }

        return -1;
    }

    /// <summary>The URI of a target.</summary>
    public ReadOnlySpan<byte> UriOf(int index) => _text.AsSpan(_entries[index].UriOffset, _entries[index].UriLength);

    /// <summary>Which of several users a target belongs to.</summary>
    public int OwnerOf(int index) => _entries[index].Owner;

    /// <summary>Leaves out all targets of a user.</summary>
    public void RemoveOwner(int owner)
    {
        int left = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_entries[i].Owner != owner) _entries[left++] = _entries[i];
        }

        _count = left;
    }

    /// <summary>The route to a target.</summary>
    public ReadOnlySpan<byte> PathOf(int index) => _text.AsSpan(_entries[index].UriOffset + _entries[index].UriLength, _entries[index].PathLength);

    /// <summary>True when a target has a <c>sip</c> URI only for the request's sake, and has to be reached by TLS.</summary>
    public bool IsSecure(int index) => _entries[index].IsSecure;

    /// <summary>The flow to a target, where it is known.</summary>
    public bool TryGetFlow(int index, out SipFlow flow)
    {
        flow = _entries[index].Flow;
        return _entries[index].HasFlow;
    }

    private bool IsLeft(int index) => !_entries[index].IsTaken && !_entries[index].IsReserve;

    private ReadOnlySpan<byte> InstanceOf(int index) => _text.AsSpan(_entries[index].UriOffset + _entries[index].UriLength + _entries[index].PathLength, _entries[index].InstanceLength);

    // No headers, and no method parameter (RFC 3261 19.1.1, table 1).
    private void AppendRequestUri(scoped in SipUriView uri, int from)
    {
        ReadOnlySpan<byte> bytes = uri.HasHeaders ? uri.Bytes[..^(uri.Headers.Length + 1)] : uri.Bytes;
        if (!uri.Parameters.TryGet("method"u8, out UriParameterView method))
        {
            Append(bytes[from..]);
            return;
        }

        Append(bytes[from..(method.Offset - uri.Offset)]);
        Append(bytes[(method.End - uri.Offset)..]);
    }

    private void Append(scoped ReadOnlySpan<byte> text)
    {
        if (_text.Length - _textLength < text.Length) Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + text.Length));
        text.CopyTo(_text.AsSpan(_textLength));
        _textLength += text.Length;
    }
}
