using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Sip.Messages;

namespace Parley.Server.Registrar;

/// <summary>Reads what a REGISTER asks of the bindings of an address of record.</summary>
/// <remarks>Source: RFC 3261 10.2.1, 10.3 steps 6 and 7, RFC 3327 5.3, RFC 5626 6, 11.6, RFC 5630 5.2, RFC 8599 5.6.1.</remarks>
internal static class RegistrationReader
{
    private const int MaxParameterBytes = 1024;

    /// <summary>Which schemes the URIs of a REGISTER have.</summary>
    [Flags]
    private enum Schemes
    {
        None = 0,
        Sips = 1,
        Other = 2,
    }

    /// <summary>The answer to a phone that wants what its first hop cannot do.</summary>
    /// <remarks>Source: RFC 5626 11.6.</remarks>
    public const int FirstHopLacksOutboundSupport = 439;

    /// <summary>Fills an update.</summary>
    /// <param name="update">The update.</param>
    /// <param name="request">The REGISTER.</param>
    /// <param name="flow">The flow that it came over.</param>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="push">How phones are woken; null where none are.</param>
    /// <param name="status">What to answer when it cannot be filled.</param>
    /// <param name="problem">What is wrong, fit for a reason phrase; empty where the status says it.</param>
    public static bool TryFill(
        BindingUpdate update, scoped in SipMessageView request, in SipFlow flow, ReadOnlySpan<byte> addressOfRecord, PushOptions? push, out int status, out ReadOnlySpan<byte> problem)
    {
        status = 400;
        problem = default;
        request.TryGetCallId(out ReadOnlySpan<byte> callId);
        request.TryGetCSeq(out CSeqView cseq);
        HeaderStatus expires = request.TryGetExpires(out uint seconds);
        update.Begin(addressOfRecord, callId, cseq.Number, expires switch
        {
            HeaderStatus.Ok => seconds,
            HeaderStatus.Malformed => 3600,     // RFC 3261 20.19 and 10.3 step 7: taken for 3600
            _ => null,
        });
        var schemes = Schemes.None;
        var outbound = new OutboundSupport(request);
        if (!TryReadContacts(update, request, flow, push, ref schemes, ref outbound))
        {
            problem = "Malformed Contact"u8;
            return false;
        }

        if (outbound.IsLoop)
        {
            status = 403;
            problem = "Contact Is the Address Itself"u8;
            return false;
        }

        if (outbound.IsRefused)
        {
            status = FirstHopLacksOutboundSupport;
            return false;
        }

        if (update.Push.IsRefused)
        {
            status = PushRegistration.NotSupported;
            return false;
        }

        // RFC 5626 6: one flow at a time is registered.
        if (outbound.IsUsed && CountOfBound(update) > 1)
        {
            problem = "reg-id beside Another Contact"u8;
            return false;
        }

        update.IsOutbound = outbound is { IsUsed: true, IsOffered: true };
        update.IsFlowTimed = update.IsOutbound && flow is { IsReliable: true, IsWebSocket: false } && SourceFlow.IsFromPhone(request);
        bool isSecure = (schemes & Schemes.Sips) != 0;      // before Path, which alone says nothing
        if (!TryReadPath(update, request, ref schemes))
        {
            problem = "Malformed Path"u8;
            return false;
        }

        if (isSecure && ((schemes & Schemes.Other) != 0 || request.TryGetRequestUri(out SipUriView registrar) != HeaderStatus.Ok || registrar.Scheme != SipUriScheme.Sips))
        {
            problem = "SIPS Contact beside Other Schemes"u8;
            return false;
        }

        if (request.TryGetSingle(HeaderId.UserAgent, out HeaderValue userAgent) == HeaderStatus.Ok) update.SetUserAgent(userAgent.Bytes);
        Span<byte> source = stackalloc byte[SourceFlow.MaxBytes];
        int sourceLength = SourceFlow.Write(source, request, flow);
        update.SetSource(update.Push.IsElsewhere && sourceLength == 0 ? PushRegistration.Elsewhere : source[..sourceLength]);
        if (update.Push.IsRequested) update.LeastExpires = (uint)push!.MinExpires.TotalSeconds;
        return true;
    }

    /// <summary>How many contacts are not to be removed.</summary>
    private static int CountOfBound(BindingUpdate update)
    {
        int count = 0;
        for (int i = 0; i < update.ContactCount; i++)
        {
            if (update.RequestedExpires(i) != 0) count++;
        }

        return count;
    }

    private static bool TryReadContacts(BindingUpdate update, scoped in SipMessageView request, in SipFlow flow, PushOptions? push, ref Schemes schemes, ref OutboundSupport outbound)
    {
        Span<byte> parameters = stackalloc byte[MaxParameterBytes];
        foreach (HeaderValue value in request.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView contact)) return false;
            if (contact.IsStar)
            {
                update.AddWildcard();
                continue;
            }

            if (!contact.Address.TryGetUri(out SipUriView uri)) return false;
            int length = outbound.Use(contact.Address.Parameters, parameters);
            if (!TryCopyParameters(contact.Address.Parameters, parameters, ref length, out ReadOnlySpan<byte> instance)) return false;
            schemes |= SchemeOf(uri);
            if (!instance.IsEmpty)
            {
                update.WantsGruu = update.WantsGruu || HasTag(request, "gruu"u8);
                outbound.IsLoop |= IsAddressOfRecord(uri, update.AddressOfRecord) || IsTemporaryGruu(uri, update.AddressOfRecord);
            }

            uint? expires = contact.HasExpires ? contact.ExpiresSeconds : null;
            // What is sent to a phone that was woken goes where it has come from.
            bool isPushed = push is not null && update.Push.Read(request, push, uri, contact.Address.Parameters, isRemoved: (expires ?? update.Expires) == 0);
            bool isAtSource = isPushed || BindingSet.RegIdOf(parameters[..length]) > 0 || SourceFlow.LeadsTo(request, flow, uri);      // RFC 5626 7: outbound bindings are reached by their flow
            update.AddContact(uri.Bytes, (short)contact.Q, expires, parameters[..length], instance, isAtSource);
        }

        return true;
    }

    /// <summary>The parameters that are given back as they are: all but q, expires, reg-id, +sip.instance and GRUUs, which nobody but the registrar makes.</summary>
    private static bool TryCopyParameters(ParametersView parameters, scoped Span<byte> destination, ref int length, out ReadOnlySpan<byte> instance)
    {
        instance = default;
        foreach (ParameterView parameter in parameters)
        {
            if (parameter.Is("q"u8) || parameter.Is("expires"u8) || parameter.Is("reg-id"u8) || parameter.Is("pub-gruu"u8) || parameter.Is("temp-gruu"u8)) continue;
            if (parameter.Is("+sip.instance"u8))
            {
                instance = parameter.RawValue;
                continue;
            }

            int needed = 1 + parameter.Name.Length + (parameter.HasValue ? 1 + parameter.RawValue.Length : 0);
            if (destination.Length - length < needed) return false;
            destination[length++] = (byte)';';
            parameter.Name.CopyTo(destination[length..]);
            length += parameter.Name.Length;
            if (!parameter.HasValue) continue;
            destination[length++] = (byte)'=';
            parameter.RawValue.CopyTo(destination[length..]);
            length += parameter.RawValue.Length;
        }

        return true;
    }

    private static bool HasTag(scoped in SipMessageView request, ReadOnlySpan<byte> tag)
    {
        foreach (HeaderValue value in request.Values(HeaderId.Supported))
        {
            if (System.Text.Ascii.EqualsIgnoreCase(value.Bytes, tag)) return true;
        }

        return false;
    }

    /// <summary>True for a contact that leads to where it is looked up (RFC 5627 5.1).</summary>
    private static bool IsAddressOfRecord(scoped in SipUriView contact, ReadOnlySpan<byte> addressOfRecord)
    {
        int at = addressOfRecord.LastIndexOf((byte)'@');
        return at > 0 && contact.Port == 0 && contact.User.SequenceEqual(addressOfRecord[..at]) && System.Text.Ascii.EqualsIgnoreCase(contact.Host, addressOfRecord[(at + 1)..]);
    }

    /// <summary>True for a contact that may be a temporary GRUU of the address of record: it would be looked up here again (RFC 5627 5.1).</summary>
    private static bool IsTemporaryGruu(scoped in SipUriView contact, ReadOnlySpan<byte> addressOfRecord) =>
        Gruu.TryGet(contact, out ReadOnlySpan<byte> urn) && urn.IsEmpty && System.Text.Ascii.EqualsIgnoreCase(contact.Host, Accounts.AddressOfRecord.DomainOf(addressOfRecord));

    private static Schemes SchemeOf(scoped in SipUriView uri) => uri.Scheme == SipUriScheme.Sips ? Schemes.Sips : Schemes.Other;

    private static bool TryReadPath(BindingUpdate update, scoped in SipMessageView request, ref Schemes schemes)
    {
        if (!request.Has(HeaderId.Path)) return true;
        Span<byte> path = stackalloc byte[MaxParameterBytes];
        int length = 0;
        foreach (HeaderValue value in request.Values(HeaderId.Path))
        {
            if (!NameAddressView.TryParse(value, out NameAddressView address) || !address.IsBracketed || !address.TryGetUri(out SipUriView uri)) return false;
            schemes |= SchemeOf(uri);
            if (path.Length - length < value.Length + 2) return false;
            if (length > 0) path[length++] = (byte)',';
            value.Bytes.CopyTo(path[length..]);
            length += value.Length;
        }

        update.SetPath(path[..length]);
        return true;
    }
}
