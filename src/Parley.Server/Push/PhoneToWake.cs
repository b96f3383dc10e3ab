using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Proxy;
using Parley.Server.Registrar;

namespace Parley.Server.Push;

/// <summary>A phone that a push notification wakes, as one request means it.</summary>
/// <param name="AddressOfRecord">Whose it is; canonical.</param>
/// <param name="Id">By what it is known again when it registers: <see cref="IdOf"/>.</param>
/// <param name="Provider">Its push notification service.</param>
/// <param name="Parameter">What that needs besides; empty for none.</param>
/// <param name="Prid">By what the service knows it.</param>
internal sealed record PhoneToWake(byte[] AddressOfRecord, UInt128 Id, string Provider, string Parameter, string Prid)
{
    /// <summary>True when who wants it woken is neither authenticated nor trusted.</summary>
    public bool IsForStranger { get; init; }

    /// <summary>True for a request in a dialog: it keeps its Request-URI, and only the way to the phone is another.</summary>
    public bool IsInDialog { get; init; }

    /// <summary>By what a phone is known again: its instance and reg-id, or, where it has no instance, what the push service knows it by.</summary>
    /// <remarks>
    /// So a phone that has an instance may come back with another address and another <c>pn-prid</c> (RFC 8599 4.1.3), and one without it with another address (5.3).
    /// </remarks>
    public static UInt128 IdOf(in SeededHash128 key, scoped ReadOnlySpan<byte> addressOfRecord, scoped in Binding binding, scoped in PushParameters parameters)
    {
        var fields = new KeyedFields(key);
        fields.Add(addressOfRecord);
        if (!binding.Instance.IsEmpty)
        {
            fields.Add(binding.Instance);
            fields.Add(binding.RegId);
        }
        else
        {
            fields.Add(parameters.Provider);
            fields.Add(parameters.Parameter);
            fields.Add(parameters.Prid);
        }

        return fields.Result;
    }

    /// <summary>Makes one of a binding.</summary>
    public static PhoneToWake Of(ReadOnlySpan<byte> addressOfRecord, UInt128 id, scoped in PushParameters parameters) =>
        new(addressOfRecord.ToArray(), id, Text(parameters.Provider), Text(parameters.Parameter), Text(parameters.Prid));

    /// <summary>The connection that a phone registered over, while it stands: what is sent over it most likely finds the phone awake.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="binding">The phone's binding.</param>
    /// <param name="flow">The connection.</param>
    /// <param name="isOver">True when there was one, and it is over.</param>
    public static bool TryGetConnection(SipLane lane, scoped in Binding binding, out SipFlow flow, out bool isOver)
    {
        (flow, isOver) = (default, false);
        if (!binding.Path.IsEmpty || !SourceFlow.TryRead(binding.Source, out SourceFlow source) || !source.Flow.IsReliable) return false;
        isOver = !lane.HasConnection(source.Flow);
        if (!isOver) flow = source.Flow;
        return !isOver;
    }

    /// <summary>Never its prid: with it one could have pushes sent.</summary>
    public override string ToString() => $"{Encoding.UTF8.GetString(AddressOfRecord)} by {Provider}";

    private static string Text(ReadOnlySpan<byte> escaped) => Uri.UnescapeDataString(Encoding.UTF8.GetString(escaped));
}
