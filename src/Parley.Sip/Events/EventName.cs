using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Events;

/// <summary>What an Event header names: the event type, and the id that tells subscriptions of one dialog apart.</summary>
/// <remarks>Both are compared byte by byte, and other parameters not at all. Source: RFC 6665 8.2.1.</remarks>
public sealed class EventName
{
    private readonly byte[] _type;
    private readonly byte[]? _id;

    /// <summary>An event type without an id, or with one.</summary>
    /// <param name="type">The type: a token.</param>
    /// <param name="id">The id: a token; null for none.</param>
    public EventName(ReadOnlySpan<byte> type, byte[]? id = null) => (_type, _id) = (type.ToArray(), id);

    /// <summary>The event type.</summary>
    public ReadOnlySpan<byte> Type => _type;

    /// <summary>The id; empty for none.</summary>
    public ReadOnlySpan<byte> Id => _id;

    /// <summary>An event type that a program names.</summary>
    /// <exception cref="ArgumentException">It is no token.</exception>
    public static EventName Parse(string type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new EventName(Encoding.ASCII.GetBytes(SipText.Token(type, nameof(type))));
    }

    /// <summary>Reads the Event header of a message.</summary>
    /// <returns>Null when it is missing or malformed.</returns>
    public static EventName? Of(in SipMessageView message)
    {
        if (message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView value) != HeaderStatus.Ok || !Grammar.IsToken(value.Value)) return null;
        return value.Parameters.TryGet("id"u8, out ParameterView id) && Grammar.IsToken(id.Value) ? new EventName(value.Value, id.Value.ToArray()) : new EventName(value.Value);
    }

    /// <summary>True when a message is about this event.</summary>
    public bool Matches(in SipMessageView message)
    {
        if (message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView value) != HeaderStatus.Ok || !value.Value.SequenceEqual(_type)) return false;
        bool hasId = value.Parameters.TryGet("id"u8, out ParameterView id);
        return hasId == (_id is not null) && (_id is null || id.Value.SequenceEqual(_id));
    }

    /// <summary>The header's value.</summary>
    public override string ToString() => _id is null ? Encoding.UTF8.GetString(_type) : $"{Encoding.UTF8.GetString(_type)};id={Encoding.UTF8.GetString(_id)}";
}
