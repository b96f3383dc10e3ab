using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>Random objects of the message model.</summary>
internal static class Generate
{
    /// <summary>Any text that is UTF-8 and has no line end, not empty.</summary>
    public static readonly Gen<string> Texts =
        from runes in Gen.OneOf(Gen.Choose(0x20, 0x7E), Gen.Choose(0x20, 0x7E), Gen.Choose(0xA0, 0xD7FF), Gen.Choose(0x1F300, 0x1F5FF)).NonEmptyListOf()
        select string.Concat(runes.Select(char.ConvertFromUtf32));

    public static readonly Gen<string> Tokens =
        from letters in Gen.Elements("abcxyzABC0123456789-.!%*_+`'~".ToCharArray()).NonEmptyListOf()
        select string.Concat(letters);

    public static readonly Gen<string> Hosts = Gen.Elements("atlanta.example", "h", "192.0.2.4", "[2001:db8::1]", "a-b.c_d.example.");

    public static readonly Gen<SipUri> Uris =
        from user in Optional(Texts)
        from password in Optional(Texts)
        from host in Hosts
        from port in Gen.Choose(0, 65535)
        from isSecure in Gen.Elements(true, false)
        from parameters in Parameters(Texts)
        from headers in Parameters(Texts)
        select new SipUri(user, host, (ushort)port, isSecure)
        {
            Password = user is null ? null : password,
            Parameters = parameters,
            // A header of a URI has a value, if an empty one.
            Headers = SipParameters.Create(headers.Select(h => new SipParameter(h.Name, h.Value ?? ""))),
        };

    public static readonly Gen<NameAddress> Addresses =
        from uri in Uris
        from name in Optional(Texts)
        from parameters in Parameters(Tokens)
        select new NameAddress(uri) { DisplayName = name?.Trim(), Parameters = parameters };

    public static readonly Gen<Via> Vias =
        from transport in Gen.Elements("UDP", "TCP", "TLS", "WS", "x-other")
        from host in Hosts
        from port in Gen.Choose(0, 65535)
        from parameters in Parameters(Tokens)
        select new Via(transport, host, (ushort)port) { Parameters = parameters };

    public static readonly Gen<SipHeaders> Headers =
        from vias in Vias.ListOf()
        from addresses in Gen.Zip(Gen.Elements(HeaderId.From, HeaderId.To, HeaderId.Contact, HeaderId.Route, HeaderId.RecordRoute), Addresses).ListOf()
        from unknown in Gen.Zip(Tokens, Texts).ListOf()
        from number in Gen.Choose(0, int.MaxValue)
        select Add(vias, addresses, unknown, number);

    public static readonly Gen<byte[]> Bodies = ArbMap.Default.GeneratorFor<byte[]>();

    public static readonly Gen<SipRequest> Requests =
        from method in Gen.OneOf(Tokens, Gen.Elements("INVITE", "ACK", "BYE"))
        from uri in Uris
        from headers in Headers.Resize(12)     // within the limit of rows
        from body in Bodies
        select new SipRequest(method, uri) { Headers = headers, Body = body };

    private static Gen<SipParameters> Parameters(Gen<string> names) =>
        from items in Gen.Zip(names, Optional(Texts)).ListOf().Resize(6)
        select SipParameters.Create(items
            .DistinctBy(item => item.Item1, StringComparer.OrdinalIgnoreCase)
            // What has a grammar of its own is left to the tests of that.
            .Where(item => item.Item1.ToLowerInvariant() is not ("tag" or "ttl" or "rport" or "maddr" or "branch" or "received"))
            .Select(item => new SipParameter(item.Item1, item.Item2)));

    private static Gen<string?> Optional(Gen<string> gen) => Gen.OneOf(gen.Select(text => (string?)text), Gen.Constant<string?>(null));

    private static SipHeaders Add(IEnumerable<Via> vias, IEnumerable<(HeaderId, NameAddress)> addresses, IEnumerable<(string, string)> unknown, int number)
    {
        SipHeaders headers = SipHeaders.Empty.Add(new CSeq((uint)number, "INVITE"));
        foreach (Via via in vias) headers = headers.Add(via);
        foreach ((HeaderId id, NameAddress address) in addresses) headers = headers.Add(id, address);
        foreach ((string name, string value) in unknown) headers = headers.Add("X-" + name, value);
        return headers;
    }
}
