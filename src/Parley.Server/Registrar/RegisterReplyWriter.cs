using System.Buffers.Text;
using System.Globalization;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Writes the answer to a REGISTER: all contacts with what is left of their time, or what was wrong.</summary>
/// <remarks>One lane owns it; what it returns is valid until the next call. Source: RFC 3261 10.3 step 8, RFC 3327 5.3, RFC 3608 6.3, RFC 5626 6, RFC 5627 5.2.</remarks>
internal sealed class RegisterReplyWriter
{
    private byte[] _rows = new byte[4096];
    private int _length;
    private (int Offset, int Length) _instance;     // of the contact before, in the rows
    private (int Offset, int Length) _gruu;         // the last temporary one

    /// <summary>The answer to an update that is done.</summary>
    /// <param name="update">The update.</param>
    /// <param name="limits">What may be asked for at least, and how often connections are to be used.</param>
    /// <param name="serviceRoute">The row that says how the phone's requests are to go; empty for none (RFC 3608).</param>
    /// <param name="gruus">Makes temporary GRUUs; null gives none.</param>
    /// <param name="push">How phones are woken; null where none are.</param>
    /// <param name="purr">By what requests in dialogs name the phone (RFC 8599 6.2.1); empty for none.</param>
    public SipReply Write(BindingUpdate update, RegistrarOptions limits, ReadOnlySpan<byte> serviceRoute, TemporaryGruus? gruus = null, PushOptions? push = null, scoped ReadOnlySpan<byte> purr = default)
    {
        _length = 0;
        _instance = _gruu = default;
        switch (update.Outcome)
        {
            case BindingOutcome.Accepted:
                WriteContacts(update, gruus);
                if (update.IsFlowTimed && limits.FlowTimer > TimeSpan.Zero) AppendFlowTimer(limits.FlowTimer);
                Append(serviceRoute);
                if (push is not null && update.Push.Providers != 0) AppendFeatureCaps(update.Push, push, purr);
                return new SipReply(200) { Headers = _rows.AsSpan(0, _length) };

            case BindingOutcome.InvalidWildcard:
                return new SipReply(400) { ReasonPhrase = "Contact * Needs Expires 0 and No Other Contact"u8 };

            case BindingOutcome.IntervalTooBrief:
                Append("Min-Expires: "u8);
                AppendNumber(limits.LeastExpires(update.LeastExpires));
                Append("\r\n"u8);
                return new SipReply(423) { Headers = _rows.AsSpan(0, _length) };

            case BindingOutcome.OutOfOrder:
                return new SipReply(500) { ReasonPhrase = "CSeq Not Higher Than Before"u8 };

            case BindingOutcome.TooManyContacts:
                return new SipReply(403) { ReasonPhrase = "Too Many Contacts"u8 };

            case BindingOutcome.BindingTooLarge:
                return new SipReply(513);

            case BindingOutcome.LocationFull:
                return new SipReply(503) { Headers = "Retry-After: 60\r\n"u8 };

            case BindingOutcome.Closed:
                return new SipReply(503) { Headers = "Retry-After: 10\r\n"u8 };

            default:
                return new SipReply(500) { ReasonPhrase = "Not Saved"u8, Headers = "Retry-After: 10\r\n"u8 };
        }
    }

    private void WriteContacts(BindingUpdate update, TemporaryGruus? gruus)
    {
        Span<byte> q = stackalloc byte[QValue.MaxBytes];
        foreach (Binding binding in update.Bindings.LiveAt(update.AppliedAt))
        {
            Append("Contact: <"u8);
            Append(binding.Contact);
            Append(">"u8);
            Append(binding.Parameters);
            if (!binding.Instance.IsEmpty)
            {
                Append(";+sip.instance="u8);
                int at = _length;
                Append(binding.Instance);
                if (update.WantsGruu && Gruu.TryGetUrn(binding.Instance, out ReadOnlySpan<byte> urn)) AppendGruus(update, binding, urn, gruus);
                _instance = (at, binding.Instance.Length);
            }

            if (binding.Q >= 0)
            {
                Append(";q="u8);
                Append(q[..QValue.Write(q, binding.Q)]);
            }

            Append(";expires="u8);
            AppendNumber((uint)binding.ExpiresInSeconds(update.AppliedAt));
            Append("\r\n"u8);
        }

        if (!update.Path.IsEmpty)
        {
            Append("Path: "u8);
            Append(update.Path);
            Append("\r\n"u8);
        }

        if (!update.Path.IsEmpty || update.IsOutbound) Append(ServerOptions.Declared.Supported);
        if (update.IsOutbound) Append("Require: outbound\r\n"u8);

        Append("Date: "u8);
        Span<byte> date = stackalloc byte[32];
        update.AppliedAt.UtcDateTime.TryFormat(date, out int written, "R", CultureInfo.InvariantCulture);
        Append(date[..written]);
        Append("\r\n"u8);
    }

    private void AppendFlowTimer(TimeSpan time)
    {
        Append("Flow-Timer: "u8);
        AppendNumber((uint)time.TotalSeconds);
        Append("\r\n"u8);
    }

    /// <summary>Which push notification services this server serves, a row for each.</summary>
    /// <remarks>Source: RFC 6809 6.3, RFC 8599 5.4, 5.6.1, 8.2, 8.4, 8.6.</remarks>
    private void AppendFeatureCaps(scoped in PushRegistration asked, PushOptions push, scoped ReadOnlySpan<byte> purr)
    {
        for (int i = 0; i < push.Providers.Length; i++)
        {
            if ((asked.Providers & (1u << i)) == 0) continue;
            Append("Feature-Caps: *;+sip.pns=\""u8);
            Append(System.Text.Encoding.ASCII.GetBytes(push.Providers[i]));
            if (asked.IsRequested && asked.IsSelfRefreshing)
            {
                Append("\";+sip.pnsreg=\""u8);
                AppendNumber(PushRegistration.RefreshSeconds);
            }

            if (!purr.IsEmpty)
            {
                Append("\";+sip.pnspurr=\""u8);
                Append(purr);
            }

            Append("\"\r\n"u8);
        }
    }

    /// <summary>The GRUUs of an instance, with the scheme of its contact (RFC 5630 5.2.1).</summary>
    private void AppendGruus(BindingUpdate update, scoped in Binding binding, ReadOnlySpan<byte> urn, TemporaryGruus? gruus)
    {
        bool isSecure = SipUriView.TryParse(binding.Contact, out SipUriView uri) && uri.Scheme == SipUriScheme.Sips;
        ReadOnlySpan<byte> addressOfRecord = update.AddressOfRecord;
        Append(";pub-gruu=\""u8);
        MakeRoom(Gruu.MaxBytes(addressOfRecord, urn));
        _length += Gruu.Write(addressOfRecord, urn, isSecure, _rows.AsSpan(_length));
        Append("\""u8);
        if (gruus is null) return;
        long since = update.Bindings.SinceOf(binding.Instance, update.AppliedAt);
        if (since == 0) return;
        Append(";temp-gruu=\""u8);
        if (_rows.AsSpan(_instance.Offset, _instance.Length).SequenceEqual(binding.Instance) && !isSecure)
        {
            MakeRoom(_gruu.Length);
            _rows.AsSpan(_gruu.Offset, _gruu.Length).CopyTo(_rows.AsSpan(_length));     // the contacts of one instance have one: the newest
            _length += _gruu.Length;
        }
        else
        {
            MakeRoom(TemporaryGruus.MaxBytes);
            int length = gruus.Write(addressOfRecord, binding.Instance, since, isSecure, _rows.AsSpan(_length));
            _gruu = (_length, length);
            _length += length;
        }

        Append("\""u8);
    }

    private void AppendNumber(uint number)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(number, digits, out int written);
        Append(digits[..written]);
    }

    private void MakeRoom(int lengthBytes)
    {
        if (_rows.Length - _length < lengthBytes) Array.Resize(ref _rows, Math.Max(_rows.Length * 2, _length + lengthBytes));
    }

    private void Append(scoped ReadOnlySpan<byte> text)
    {
        MakeRoom(text.Length);
        text.CopyTo(_rows.AsSpan(_length));
        _length += text.Length;
    }
}
