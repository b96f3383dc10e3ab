using System.Buffers.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Sip.Capabilities;
using Parley.Sip.Messages;

namespace Parley.Server.Redirect;

/// <summary>In a domain with the redirect role, and where a caller asks for it, tells callers where users are instead of forwarding to them.</summary>
/// <remarks>Stateless. Source: RFC 3261 8.3, 21.3.3, RFC 3841 7.2.</remarks>
internal sealed class RedirectToContacts(ServerState server) : IRequestStep
{
    private byte[] _rows = new byte[1024];
    private int _length;

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Domain is not { } domain || request.HasNextRoute || request.Method == SipMethod.Ack) return StepResult.Continue;
        if (domain.Role != DomainRole.Redirect && !WantsRedirection(ref request)) return StepResult.Continue;
        StepResult found = UserLookup.TryFind(ref request, server, out BindingSet bindings);
        if (found == StepResult.Done) return found;
        _length = 0;
        DateTimeOffset now = request.Server.Lane.Loop.Time.GetUtcNow();
        bool isGruu = Gruu.TryGet(request.RequestUri, out ReadOnlySpan<byte> urn);
        var preferences = new CallerPreferences(request.Message);
        if (preferences.IsImplicit) preferences = default;      // who is told all contacts finds out himself what each can take
        foreach (Binding binding in bindings.LiveAt(now))
        {
            if ((!isGruu || Gruu.IsFor(urn, binding.Instance)) && preferences.TryRate(binding.Parameters, binding.Instance, out _)) WriteContact(binding, now);
        }

        if (_length == 0) return request.Reply(480);
        return request.Reply(new SipReply(302) { Headers = _rows.AsSpan(0, _length) });
    }

    /// <summary>A caller whom we know may want to be told and not forwarded; where a user's phones are is nothing for strangers.</summary>
    /// <remarks>Source: RFC 3841 9.1.</remarks>
    private static bool WantsRedirection(ref RequestContext request) =>
        request.Message.Has(HeaderId.RequestDisposition) && request.RequestUri.HasUser && (request.Caller is CallerKind.LocalUser or CallerKind.Trusted)
        && (RequestDisposition.Read(request.Message) & RequestDispositions.Redirect) != 0;

    private void WriteContact(scoped in Binding binding, DateTimeOffset now)
    {
        Append("Contact: <"u8);
        AppendShown(binding.Contact);
        Append(">"u8);
        if (binding.Q >= 0)
        {
            Span<byte> q = stackalloc byte[QValue.MaxBytes];
            Append(";q="u8);
            Append(q[..QValue.Write(q, binding.Q)]);
        }

        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(binding.ExpiresInSeconds(now), digits, out int written);
        Append(";expires="u8);
        Append(digits[..written]);
        Append("\r\n"u8);
    }

    /// <summary>How a phone is woken is not for others (RFC 8599 13).</summary>
    private void AppendShown(scoped ReadOnlySpan<byte> contact)
    {
        MakeRoom(contact.Length);
        _length += PushParameters.Write(contact, _rows.AsSpan(_length));
    }

    private void Append(scoped ReadOnlySpan<byte> text)
    {
        MakeRoom(text.Length);
        text.CopyTo(_rows.AsSpan(_length));
        _length += text.Length;
    }

    private void MakeRoom(int lengthBytes)
    {
        if (_rows.Length - _length < lengthBytes) Array.Resize(ref _rows, Math.Max(_rows.Length * 2, _length + lengthBytes));
    }
}
