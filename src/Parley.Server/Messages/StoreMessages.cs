using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Sip.Messages;

namespace Parley.Server.Messages;

/// <summary>Takes a text for a user who is registered nowhere, or whose phones all sleep, to be delivered when he is there.</summary>
/// <remarks>
/// Phones that sleep are woken for it; who sent it need not wait for them (RFC 8599 5.6.2 has the reasons against).
/// Only from users of ours and trusted networks: a stranger could fill mailboxes, and would learn who exists. 202 is sent once the text is stored.
/// Source: RFC 3428 7, 8.
/// </remarks>
internal sealed class StoreMessages(ServerState server) : IRequestStep
{
    private const int MaxBodyBytes = 8192;

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Message || server.Messages is not { } store || !request.Configuration.Messages.Store) return StepResult.Continue;
        if (request.Domain is not { } domain || request.HasNextRoute || request.IsInDialog || request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted)) return StepResult.Continue;
        Span<byte> user = stackalloc byte[AddressOfRecord.MaxBytes];
        if (!AddressOfRecord.TryFormat(request.RequestUri.User, domain.NameUtf8.AsSpan(), user, out int length)) return StepResult.Continue;
        if (!server.Accounts.TryFind(user[..length], request.Server.Found, out _)) return StepResult.Continue;
        DateTimeOffset now = request.Server.Lane.Loop.Time.GetUtcNow();
        List<PhoneToWake>? asleep = null;
        foreach (Binding binding in server.Location.Find(user[..length], request.Server.Found).LiveAt(now))
        {
            if (!TryAddSleeping(ref request, user[..length], binding, ref asleep)) return StepResult.Continue;
        }

        SipMessageView message = request.Message;
        TimeSpan lifetime = request.Configuration.Messages.Expires;
        if (message.TryGetExpires(out uint seconds) == HeaderStatus.Ok && TimeSpan.FromSeconds(seconds) < lifetime) lifetime = TimeSpan.FromSeconds(seconds);
        if (lifetime == TimeSpan.Zero) return StepResult.Continue;      // now or never
        if (message.Has(HeaderId.ContentEncoding) || message.BodyLength is 0 or > MaxBodyBytes) return StepResult.Continue;
        if (message.TryGetFrom(out NameAddressView view) != HeaderStatus.Ok || !NameAddress.TryFrom(view, out NameAddress? sender)) return StepResult.Continue;
        string type = message.TryGetSingle(HeaderId.ContentType, out HeaderValue value) == HeaderStatus.Ok ? Encoding.UTF8.GetString(value.Bytes) : "text/plain";
        var stored = new StoredMessage(
            Encoding.UTF8.GetString(user[..length]), (sender with { Parameters = SipParameters.Empty }).ToString(), type.ReplaceLineEndings(" "), message.Body.ToArray(), now, now + lifetime);
        if (request.Incoming.CreateTransaction(request.Server) is not { } transaction) return StepResult.Done;
        if (!TrySave(request.Server, transaction, store, stored, request.Configuration.Messages) || asleep is null) return StepResult.Done;
        foreach (PhoneToWake phone in asleep) request.Server.Push!.Bucket.Wake(phone, message);
        return StepResult.Done;
    }

    /// <summary>Takes a binding's phone for one that is woken.</summary>
    /// <returns>False when it can be reached as it is.</returns>
    private static bool TryAddSleeping(ref RequestContext request, scoped ReadOnlySpan<byte> user, scoped in Binding binding, ref List<PhoneToWake>? asleep)
    {
        if (request.Server.Push is not { } push || !SipUriView.TryParse(binding.Contact, out SipUriView contact)) return false;
        PushTarget target = push.Look(request.Caller, SipMethod.Message, user, binding, contact);
        if (!target.IsAsleep || target.Phone is not { } phone) return false;
        (asleep ??= []).Add(phone);
        return true;
    }

    // A method of its own: where a lambda is, what it captures is allocated on the way to it, for each request.
    private static bool TrySave(ServerLane lane, SipServerTransaction transaction, MessageStore store, StoredMessage message, MessageOptions limits)
    {
        if (store.TrySave(message, limits, isSaved => lane.Completions.Add(new Saved(lane, transaction, isSaved)))) return true;
        lane.Counters.CountReply(SipMethod.Message, 480);
        transaction.Respond(new SipReply(480) { ReasonPhrase = "Too Many Messages Wait"u8 });
        return false;
    }

    private sealed class Saved(ServerLane lane, SipServerTransaction transaction, bool isSaved) : ILaneCompletion
    {
        public ILaneCompletion? NextCompletion { get; set; }

        public void Complete()
        {
            if (transaction.IsFinished) return;
            int status = isSaved ? 202 : 500;
            lane.Counters.CountReply(SipMethod.Message, status);
            transaction.Respond(new SipReply(status));
        }
    }
}
