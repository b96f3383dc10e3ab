using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Registrar;
using Parley.Sip.Messages;

namespace Parley.Server.Push;

/// <summary>The requests that wait for phones which were woken, of all lanes, and what is known of those phones: when each was woken, and when it came.</summary>
/// <remarks>
/// One push serves all that waits for a phone. A phone is sent <see cref="Burst"/> pushes at most at once, and one more a minute; of these, strangers' calls
/// leave half to others. Phones are forgotten when there is nothing to know. Any thread. Source: RFC 8599 5.2, 5.5, 5.6.2.
/// </remarks>
internal sealed class PushBucket(Func<PushOptions> options, IPushService service, Hosting.ServerKeys keys, TimeProvider time, ILogger logger) : IBindingWatch
{
    /// <summary>Pushes that a phone may be sent at once, besides those that refresh its binding.</summary>
    public const int Burst = 10;

    /// <summary>Requests that may wait for one phone.</summary>
    public const int MaxWaitingPerPhone = 64;

    /// <summary>The phones that are known at most.</summary>
    public const int MaxPhones = 65_536;

    /// <summary>How long before its end a phone's binding is refreshed, where it does not do that by itself.</summary>
    /// <remarks>RFC 8599 5.5 wants 120 s or more; a phone is looked at each minute.</remarks>
    public static readonly TimeSpan RefreshLead = TimeSpan.FromSeconds(180);

    /// <summary>The same for a phone that said it does, and has not.</summary>
    public static readonly TimeSpan LateLead = TimeSpan.FromSeconds(120);

    /// <summary>How long a phone that has registered counts as awake, whatever it registered over.</summary>
    private static readonly TimeSpan AwakeTime = TimeSpan.FromSeconds(30);

    /// <summary>How long after a push another one is sent for a phone that has not come.</summary>
    private static readonly TimeSpan PushAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RefreshAgain = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan TokenTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, Phone> _phones = [];
    private readonly List<UInt128> _forgotten = [];
    private int _waiting;
    private long _lastForgotten;
    private long _refused;

    /// <summary>What phones are told and how long requests wait.</summary>
    public PushOptions Options => options();

    /// <summary>Requests that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Phones that something is known of.</summary>
    public int PhoneCount
    {
        get
        {
            lock (_gate) return _phones.Count;
        }
    }

    /// <summary>Pushes that were not sent because there were too many of them.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <inheritdoc/>
    public TimeSpan Lead => RefreshLead;

    /// <summary>By what a binding's phone is known.</summary>
    /// <returns>False when it is not to be woken by this server.</returns>
    public bool TryGetId(scoped ReadOnlySpan<byte> addressOfRecord, scoped in Binding binding, scoped in SipUriView contact, out PushParameters parameters, out UInt128 id)
    {
        id = default;
        if (!PushParameters.TryRead(contact, out parameters) || !parameters.IsComplete || binding.Source.SequenceEqual(PushRegistration.Elsewhere)) return false;
        if (Options.IndexOf(parameters.Provider) < 0) return false;
        id = PhoneToWake.IdOf(keys.Phone, addressOfRecord, binding, parameters);
        return true;
    }

    /// <summary>True when a phone has registered, and not long ago.</summary>
    public bool IsAwake(UInt128 id)
    {
        lock (_gate) return _phones.TryGetValue(id, out Phone? phone) && phone.CameAt > 0 && !IsOver(phone.CameAt, AwakeTime);
    }

    /// <summary>Wakes a phone and has a request wait for it.</summary>
    /// <param name="held">The request; not in the bucket.</param>
    /// <param name="request">The request's message.</param>
    /// <returns>False when the phone is not woken: the request does not wait.</returns>
    public bool TryHold(HeldRequest held, scoped in SipMessageView request)
    {
        PushRequest? push;
        lock (_gate)
        {
            bool isFull = _waiting >= Options.MaxWaiting || (_phones.TryGetValue(held.Phone.Id, out Phone? phone) && phone.Held is { Count: >= MaxWaitingPerPhone });
            if (isFull || !TryTakePush(held.Phone, out phone, out bool isNeeded))
            {
                _refused++;
                return false;
            }

            (phone!.Held ??= []).Add(held);
            held.IsHeld = true;
            _waiting++;
            push = isNeeded ? new PushRequest(held.Phone, CauseOf(request)) : null;
        }

        if (push is null || service.TrySend(push, OnPushed)) return true;
        OnPushed(push, isTaken: false);
        return true;        // it hears of it like all that wait for the phone
    }

    /// <summary>Has a request that was handed back wait on, without another push.</summary>
    public void HoldOn(HeldRequest held)
    {
        lock (_gate)
        {
            (PhoneOf(held.Phone.Id).Held ??= []).Add(held);
            held.IsHeld = true;
            _waiting++;
        }
    }

    /// <summary>Wakes a phone for which nothing waits here.</summary>
    public void Wake(PhoneToWake phone, scoped in SipMessageView request)
    {
        bool isNeeded;
        lock (_gate)
        {
            if (!TryTakePush(phone, out _, out isNeeded)) _refused++;
        }

        if (isNeeded) service.TrySend(new PushRequest(phone, CauseOf(request)), OnPushed);
    }

    /// <summary>A request does not wait any more.</summary>
    public void Leave(HeldRequest held)
    {
        lock (_gate)
        {
            if (!held.IsHeld) return;
            held.IsHeld = false;
            _waiting--;
            _phones[held.Phone.Id].Held!.Remove(held);
        }
    }

    /// <summary>A phone has registered: what waits for it goes back to its lanes.</summary>
    public void OnRegistered(UInt128 id)
    {
        lock (_gate)
        {
            if (_phones.Count >= MaxPhones || IsOver(_lastForgotten, ForgetInterval)) Forget();
            if (_phones.Count >= MaxPhones && !_phones.ContainsKey(id)) return;
            Phone phone = PhoneOf(id);
            phone.CameAt = Now();
            Release(phone, hasCome: true);
        }
    }

    /// <summary>Has phones woken whose bindings end soon.</summary>
    public void OnExpiring(scoped in BindingSet bindings, DateTimeOffset now)
    {
        foreach (Binding binding in bindings.LiveAt(now))
        {
            TimeSpan left = binding.ExpiresAt - now;
            if (left > RefreshLead || !SipUriView.TryParse(binding.Contact, out SipUriView uri)) continue;
            if (!TryGetId(bindings.AddressOfRecord, binding, uri, out PushParameters parameters, out UInt128 id)) continue;
            if (left > LateLead && PushRegistration.RefreshesItself(binding.Parameters)) continue;
            lock (_gate)
            {
                if (_phones.Count >= MaxPhones) Forget();
                if (_phones.Count >= MaxPhones && !_phones.ContainsKey(id)) continue;
                Phone phone = PhoneOf(id);
                if ((phone.RefreshedAt > 0 && !IsOver(phone.RefreshedAt, RefreshAgain)) || (phone.PushedAt > 0 && !IsOver(phone.PushedAt, PushAgain))) continue;
                phone.RefreshedAt = phone.PushedAt = Now();
            }

            service.TrySend(new PushRequest(PhoneToWake.Of(bindings.AddressOfRecord, id, parameters), Cause: null), OnPushed);
        }

        lock (_gate)
        {
            if (IsOver(_lastForgotten, ForgetInterval)) Forget();
        }
    }

    /// <summary>Whether a push may be sent to a phone, or one is on its way.</summary>
    private bool TryTakePush(PhoneToWake wanted, out Phone? phone, out bool isNeeded)
    {
        isNeeded = false;
        if (!_phones.TryGetValue(wanted.Id, out phone))
        {
            if (_phones.Count >= MaxPhones || IsOver(_lastForgotten, ForgetInterval)) Forget();
            if (_phones.Count >= MaxPhones) return false;
        }

        phone = PhoneOf(wanted.Id);
        bool isOnItsWay = phone.PushedAt > phone.CameAt && !IsOver(phone.PushedAt, PushAgain) && !phone.HasFailed;
        if (isOnItsWay) return true;
        phone.Refill(Now(), time);
        if (phone.Tokens <= (wanted.IsForStranger ? Burst / 2 : 0)) return phone.Held is { Count: > 0 };     // those that wait may yet be served, and one more with them
        phone.Tokens--;
        phone.PushedAt = Now();
        phone.HasFailed = false;
        isNeeded = true;
        return true;
    }

    private void OnPushed(PushRequest request, bool isTaken)
    {
        if (isTaken) return;
        Log.PushFailed(logger, request.Phone.ToString());
        if (request.Cause is null) return;      // what waits does not wait for this one
        lock (_gate)
        {
            if (!_phones.TryGetValue(request.Phone.Id, out Phone? phone)) return;
            phone.HasFailed = true;
            Release(phone, hasCome: false);
        }
    }

    private void Release(Phone phone, bool hasCome)
    {
        if (phone.Held is not { Count: > 0 } held) return;
        _waiting -= held.Count;
        foreach (HeldRequest request in held)
        {
            request.IsHeld = false;
            request.Release(hasCome);
        }

        held.Clear();
    }

    private Phone PhoneOf(UInt128 id)
    {
        if (_phones.TryGetValue(id, out Phone? phone)) return phone;
        phone = new Phone(Now());
        _phones.Add(id, phone);
        return phone;
    }

    /// <summary>Forgets phones of which nothing need be known: a look at all of them, at most every few seconds.</summary>
    private void Forget()
    {
        if (!IsOver(_lastForgotten, TimeSpan.FromSeconds(1))) return;
        long now = _lastForgotten = Now();
        foreach ((UInt128 id, Phone phone) in _phones)
        {
            phone.Refill(now, time);
            bool isBusy = phone.Held is { Count: > 0 } || phone.Tokens < Burst || !IsOver(phone.PushedAt, RefreshAgain) || !IsOver(phone.CameAt, AwakeTime);
            if (!isBusy) _forgotten.Add(id);
        }

        foreach (UInt128 id in _forgotten) _phones.Remove(id);
        _forgotten.Clear();
    }

    /// <summary>A time that is never 0.</summary>
    private long Now() => Math.Max(time.GetTimestamp(), 1);

    private bool IsOver(long since, TimeSpan span) => since == 0 || time.GetElapsedTime(since) >= span;

    private static PushCause CauseOf(scoped in SipMessageView request)
    {
        request.TryGetCallId(out ReadOnlySpan<byte> callId);
        string from = "", name = "";
        if (request.TryGetFrom(out NameAddressView view) == HeaderStatus.Ok && NameAddress.TryFrom(view, out NameAddress? sender)) (from, name) = (sender.Uri.ToString() ?? "", sender.DisplayName ?? "");
        return new PushCause(System.Text.Encoding.ASCII.GetString(request.Method.Name), from, name, System.Text.Encoding.UTF8.GetString(callId));
    }

    /// <summary>What is known of a phone.</summary>
    private sealed class Phone(long now)
    {
        private long _filledAt = now;

        public List<HeldRequest>? Held;
        public long PushedAt;       // timestamps; 0 for never
        public long CameAt;
        public long RefreshedAt;
        public bool HasFailed;      // the last push
        public int Tokens = Burst;

        public void Refill(long timestamp, TimeProvider time)
        {
            int more = (int)Math.Min(Burst, time.GetElapsedTime(_filledAt, timestamp) / TokenTime);
            if (more == 0) return;
            Tokens = Math.Min(Burst, Tokens + more);
            _filledAt = timestamp;
        }
    }
}
