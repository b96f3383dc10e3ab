using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Hostile;

/// <summary>URIs, addresses and Via values: views over any bytes, and objects that are written and read again.</summary>
internal static class AddressTarget
{
    public static ulong Run(byte[] input)
    {
        var seen = new Features();
        ReadOnlySpan<byte> value = Trim(input);
        LookAtUri(value, 0, ref seen);
        LookAtAddress(value, 0, ref seen);
        LookAtVia(value, 0, ref seen);
        return seen.Value;
    }

    public static void LookAtUri(ReadOnlySpan<byte> bytes, int offset, ref Features seen)
    {
        bool isUri = SipUriView.TryParse(bytes, offset, out SipUriView view);
        seen.Add(isUri);
        bool isObject = SipUri.TryParse(bytes, out SipUri? uri);
        Must.Hold(isUri || !isObject, "An object of what is no URI");
        if (!isUri) return;
        seen.Add((int)view.Scheme);
        seen.Add(view.HasUser);
        seen.Add(view.HasPassword);
        seen.Add(view.HasHeaders);
        seen.Add((int)view.Transport);
        seen.Add(isObject);
        _ = view.User.Length + view.Password.Length + view.HostAndPort.Length + view.Headers.Length + view.MulticastAddress.Length + view.TimeToLive;
        Must.Hold(view.TryGetAddress(out NetworkAddress address) || view.Host.IsEmpty || view.Host[0] != '[', "A host in brackets that is no address");
        seen.Add(address.IsIPv6);
        foreach (UriParameterView parameter in view.Parameters)
        {
            Must.StandAt(bytes, parameter.Offset + 1 - offset, parameter.Name, "URI parameter");
            Must.StandAt(bytes, parameter.End - parameter.Value.Length - offset, parameter.Value, "URI parameter's value");
        }

        Must.Hold(SipUriView.Equivalent(view, view), "A URI is not equivalent to itself");
        if (!isObject) return;
        _ = uri!.TryGetAddress(out _);
        byte[] written = uri.ToBytes();
        Must.Hold(SipUri.TryParse(written, out SipUri? again), $"Not a URI once it is written: {Text(written)}");
        Must.Hold(uri == again, $"Another URI once it is written: {Text(written)}, {again}");
        Must.Hold(SipUriView.TryParse(written, out SipUriView rewritten), "Not a URI");
        Must.Hold(view.Scheme == rewritten.Scheme && view.Port == rewritten.Port && view.Host.SequenceEqual(rewritten.Host), $"Leads elsewhere once it is written: {Text(written)}");
    }

    public static void LookAtAddress(ReadOnlySpan<byte> bytes, int offset, ref Features seen)
    {
        bool isAddress = NameAddressView.TryParse(bytes, offset, out NameAddressView view);
        seen.Add(isAddress);
        if (!isAddress) return;
        Must.StandAt(bytes, view.UriOffset - offset, view.Uri, "URI");
        seen.Add(view.IsBracketed);
        seen.Add(view.Tag.Length > 0);
        _ = view.DisplayName.Length;
        Must.Hold(QuotedText.Decode(view.DisplayName) is not null, "No name");
        LookAtParameters(bytes, offset, view.Parameters, ref seen);
        if (!view.TryGetUri(out SipUriView uri)) return;
        LookAtUri(uri.Bytes, 0, ref seen);
        if (!NameAddress.TryFrom(view, out NameAddress? address)) return;
        string written = address.ToString();
        Must.Hold(NameAddress.TryParse(written, out NameAddress? again), $"Not an address once it is written: {written}");
        Must.Hold(address == again, $"Another address once it is written: {written}, {again}");
    }

    public static void LookAtVia(ReadOnlySpan<byte> bytes, int offset, ref Features seen)
    {
        bool isVia = ViaView.TryParse(bytes, offset, out ViaView view);
        seen.Add(isVia);
        if (!isVia) return;
        seen.Add((int)view.Transport);
        seen.Add(view.HasRport);
        seen.Add(view.Branch.Length > 0);
        seen.Add(view.Received.Length > 0);
        _ = view.TransportBytes.Length + view.MulticastAddress.Length + view.Rport + view.TimeToLive;
        Must.Hold(view.Host[0] != '[' || view.TryGetSentByAddress(5060, out _), "A host in brackets that is no address");
        Must.Hold(view.HasSameSentBy(view), "Another sent-by than its own");
        Must.Hold(!view.HasRfc3261Branch || view.Branch.Length > ViaView.MagicCookie.Length, "A branch without a branch");
        LookAtParameters(bytes, offset, view.Parameters, ref seen);
        if (!Via.TryFrom(view, out Via? via)) return;
        string written = via.ToString();
        Must.Hold(Via.TryParse(written, out Via? again), $"Not a Via once it is written: {written}");
        Must.Hold(via == again, $"Another Via once it is written: {written}, {again}");
    }

    public static void LookAtParameters(ReadOnlySpan<byte> bytes, int offset, ParametersView parameters, ref Features seen)
    {
        foreach (ParameterView parameter in parameters)
        {
            Must.StandAt(bytes, parameter.NameEnd - parameter.Name.Length - offset, parameter.Name, "Parameter");
            Must.StandAt(bytes, parameter.ValueOffset - offset, parameter.RawValue, "Parameter's value");
            Must.Hold(parameter.End - offset <= bytes.Length && bytes[parameter.Offset - offset] == ';', "Parameter is not where it says");
            seen.Add(parameter.IsQuoted);
            _ = parameter.Value.Length;
        }
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> bytes) => bytes.Trim(" \t\r\n"u8);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
