using Parley.Sip.Messages;

namespace Parley.Sip.Capabilities;

/// <summary>Which user agents a caller wants to reach: how well a contact fits a request's Accept-Contact and Reject-Contact, or what the request itself needs.</summary>
/// <remarks>The default value prefers nothing. Valid as long as the request. Source: RFC 3841 7.2.</remarks>
public readonly ref struct CallerPreferences
{
    /// <summary>The score of a contact that fits as well as may be, and of one that says nothing of itself.</summary>
    public const int Best = 1000;

    private readonly SipMessageView _request;
    private readonly bool _accepts;
    private readonly bool _rejects;
    private readonly bool _isRead;

    /// <summary>The preferences in a request.</summary>
    public CallerPreferences(SipMessageView request)
    {
        _request = request;
        _accepts = request.Has(HeaderId.AcceptContact);
        _rejects = request.Has(HeaderId.RejectContact);
        _isRead = true;
    }

    /// <summary>True when the caller says nothing: a contact that cannot take the request is passed by, unless there is no other.</summary>
    /// <remarks>Source: RFC 3841 7.2.2, and 7.2.4 at its end.</remarks>
    public bool IsImplicit => !_accepts && !_rejects;

    /// <summary>Rates a contact.</summary>
    /// <param name="parameters">The parameters of the Contact that was registered.</param>
    /// <param name="instance">Its <c>+sip.instance</c>, where that is not among them.</param>
    /// <param name="score">How well it fits in thousandths, 0 to <see cref="Best"/>, for the order among contacts of one q.</param>
    /// <returns>False when it is not to be tried.</returns>
    public bool TryRate(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> instance, out int score)
    {
        score = Best;
        if (IsImplicit) return parameters.IsEmpty || !_isRead || CanTake(new ParametersView(parameters, 0));
        var contact = new FeatureSetView(new ParametersView(parameters, 0), instance);
        if (contact.Count == 0) return true;
        return !(_rejects && IsRejected(contact)) && (!_accepts || TryAccept(contact, out score));
    }

    private bool IsRejected(scoped in FeatureSetView contact)
    {
        foreach (HeaderValue value in _request.Values(HeaderId.RejectContact))
        {
            if (!TryRead(value, out ParametersView parameters)) continue;
            var rejected = new FeatureSetView(parameters);
            // Only who says of each of the features how he is can be meant.
            int count = rejected.Count;
            if (count > 0 && rejected.CountIn(contact) == count && rejected.Matches(contact)) return true;
        }

        return false;
    }

    private bool TryAccept(scoped in FeatureSetView contact, out int score)
    {
        int sum = 0, matching = 0;
        score = 0;
        foreach (HeaderValue value in _request.Values(HeaderId.AcceptContact))
        {
            if (!TryRead(value, out ParametersView parameters)) continue;
            var accepted = new FeatureSetView(parameters);
            bool isRequired = parameters.TryGet("require"u8, out _);
            if (!accepted.Matches(contact))
            {
                if (isRequired) return false;
                continue;
            }

            int terms = accepted.Count;
            int part = terms == 0 ? Best : Best * accepted.CountIn(contact) / terms;
            if (part < Best && parameters.TryGet("explicit"u8, out _))
            {
                if (isRequired) return false;
                part = 0;
            }

            sum += part;
            matching++;
        }

        score = matching == 0 ? 0 : sum / matching;
        return true;
    }

    /// <summary>What the method, and the event package of a SUBSCRIBE, ask of who is to take the request.</summary>
    private bool CanTake(ParametersView contact)
    {
        if (contact.TryGet("methods"u8, out ParameterView methods) && !FeatureValue.Overlap(methods.RawValue, _request.MethodBytes)) return false;
        return _request.Method != SipMethod.Subscribe
            || !contact.TryGet("events"u8, out ParameterView events)
            || _request.TryGetParameterized(HeaderId.Event, out ParameterizedValueView package) != HeaderStatus.Ok
            || FeatureValue.Overlap(events.RawValue, package.Value);
    }

    private static bool TryRead(scoped in HeaderValue value, out ParametersView parameters)
    {
        bool isRead = value.Bytes is [(byte)'*', ..];
        parameters = isRead ? new ParametersView(value.Bytes[1..], 0) : default;
        return isRead;
    }
}
