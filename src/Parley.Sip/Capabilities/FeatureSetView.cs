using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Capabilities;

/// <summary>The capabilities of a user agent, or those that a caller asks for: the feature parameters among the parameters of a Contact, Accept-Contact or Reject-Contact value.</summary>
/// <remarks>
/// A conjunction of features, <c>;audio;methods="INVITE,BYE"</c>, each with the values that it may have. What is not said may be anything.
/// Valid as long as the bytes. Source: RFC 3840 9, RFC 3841 7.2.1, 7.2.3, 8.
/// </remarks>
public readonly ref struct FeatureSetView
{
    private readonly ParametersView _parameters;
    private readonly ReadOnlySpan<byte> _instance;

    /// <summary>The features among some parameters.</summary>
    /// <param name="parameters">The parameters; what is no feature parameter is passed over.</param>
    /// <param name="instance">The value of <c>+sip.instance</c> with its quotes, where that is kept apart; else empty.</param>
    public FeatureSetView(ParametersView parameters, ReadOnlySpan<byte> instance = default)
    {
        _parameters = parameters;
        _instance = instance;
    }

    /// <summary>How many features it has.</summary>
    public int Count
    {
        get
        {
            int count = _instance.IsEmpty ? 0 : 1;
            foreach (ParameterView parameter in _parameters)
            {
                if (IsFeature(parameter.Name)) count++;
            }

            return count;
        }
    }

    /// <summary>True for a parameter that is a feature: of the base set, or with a plus.</summary>
    public static bool IsFeature(ReadOnlySpan<byte> name)
    {
        if (name.Length > 1 && name[0] == '+') return true;
        switch (name.Length)
        {
            case 4: return Is(name, "data"u8) || Is(name, "text"u8) || Is(name, "type"u8);
            case 5: return Is(name, "audio"u8) || Is(name, "video"u8) || Is(name, "class"u8) || Is(name, "actor"u8);
            case 6: return Is(name, "duplex"u8) || Is(name, "events"u8);
            case 7: return Is(name, "methods"u8) || Is(name, "control"u8) || Is(name, "schemes"u8) || Is(name, "isfocus"u8);
            case 8: return Is(name, "automata"u8) || Is(name, "mobility"u8) || Is(name, "priority"u8) || Is(name, "language"u8);
            case 10: return Is(name, "extensions"u8);
            case 11: return Is(name, "description"u8) || Is(name, "application"u8);
            default: return false;
        }
    }

    /// <summary>True when some user agent can be what both say: for each feature that both have, a value fits both.</summary>
    /// <remarks>Source: RFC 2533 4.1, as RFC 3841 7.2.4 uses it.</remarks>
    public bool Matches(scoped in FeatureSetView other)
    {
        foreach (ParameterView feature in _parameters)
        {
            if (IsFeature(feature.Name) && other.TryGet(feature.Name, out ReadOnlySpan<byte> theirs) && !FeatureValue.Overlap(ValueOf(feature), theirs)) return false;
        }

        return _instance.IsEmpty || !other.TryGet("+sip.instance"u8, out ReadOnlySpan<byte> instance) || FeatureValue.Overlap(_instance, instance);
    }

    /// <summary>How many of this set's features another one has, whatever their values.</summary>
    public int CountIn(scoped in FeatureSetView other)
    {
        int count = 0;
        foreach (ParameterView feature in _parameters)
        {
            if (IsFeature(feature.Name) && other.TryGet(feature.Name, out _)) count++;
        }

        return count + (!_instance.IsEmpty && other.TryGet("+sip.instance"u8, out _) ? 1 : 0);
    }

    /// <summary>Finds a feature.</summary>
    /// <param name="name">Its name as a parameter.</param>
    /// <param name="value">Its value as it was written, <c>TRUE</c> where there is none.</param>
    public bool TryGet(scoped ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (!_instance.IsEmpty && Is(name, "+sip.instance"u8))
        {
            value = _instance;
            return true;
        }

        foreach (ParameterView parameter in _parameters)
        {
            if (!IsFeature(parameter.Name) || !AreSame(name, parameter.Name)) continue;
            value = ValueOf(parameter);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>A base tag is the tag of that name in the sip tree; one with a plus has its whole name behind it (RFC 3841 8).</summary>
    private static bool AreSame(scoped ReadOnlySpan<byte> left, scoped ReadOnlySpan<byte> right)
    {
        if (left[0] == '+' == (right[0] == '+')) return Is(left, right);
        ReadOnlySpan<byte> full = left[0] == '+' ? left[1..] : right[1..];
        ReadOnlySpan<byte> basic = left[0] == '+' ? right : left;
        bool isInTree = full.Length == "sip.".Length + basic.Length && Ascii.EqualsIgnoreCase(full[..4], "sip."u8);
        return Is(isInTree ? full[4..] : full, basic);
    }

    private static ReadOnlySpan<byte> ValueOf(scoped in ParameterView parameter) => parameter.HasValue ? parameter.RawValue : "TRUE"u8;

    private static bool Is(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(name, other);
}
