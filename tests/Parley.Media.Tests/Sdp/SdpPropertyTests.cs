using FsCheck;
using FsCheck.Fluent;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

public class SdpPropertyTests
{
    private static readonly Gen<string> Field = Text("abcXYZ019-._/+", 1, 12);
    private static readonly Gen<string> Words = Text("abc XYZ:;=019ü–", 0, 20);

    [Fact]
    public void What_is_written_is_read_as_the_same()
    {
        Prop.ForAll(Session().ToArbitrary(), session =>
        {
            Assert.True(SessionDescription.TryParse(session.ToBytes(), out SessionDescription? read, out SdpError error), $"{error} in {session}");
            Assert.Equal(session, read);
            Assert.Equal(session.GetHashCode(), read.GetHashCode());
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => { _ = SessionDescription.TryParse(bytes, out _, out _); }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_description_with_some_bytes_changed_never_throws_and_what_is_accepted_can_be_written_and_read_again()
    {
        byte[][] vectors = [.. SdpVectors.Files.Select(SdpVectors.Bytes)];
        for (int seed = 0; seed < 5_000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = [.. vectors[random.Next(vectors.Length)]];
            for (int changes = random.Next(1, 6); changes > 0; changes--)
            {
                int at = random.Next(bytes.Length);
                bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)" \r\n:=/019"[random.Next(9)], _ => bytes[random.Next(bytes.Length)] };
            }

            if (!SessionDescription.TryParse(bytes, out SessionDescription? read, out _)) continue;
            Touch(read);
            Assert.True(SessionDescription.TryParse(read.ToBytes(), out SessionDescription? again, out SdpError error), $"seed {seed}: {error}");
            Assert.True(read == again, $"seed {seed}: {read}");
        }
    }

    [Fact]
    public void Whatever_is_offered_is_answered_or_refused()
    {
        AudioCapabilities capabilities = new() { Formats = [new MediaFormat(0, "PCMU", 8000), new MediaFormat(101, MediaFormat.TelephoneEvent, 8000)] };
        Prop.ForAll(Session().ToArbitrary(), offer =>
        {
            OfferAnswer session = new(capabilities, 1);
            NegotiationFailure failure = session.Answer(
                offer, new LocalAudioAddress(Core.NetworkAddress.FromIPv4(1, 4000)), MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio);
            Assert.Equal(failure == NegotiationFailure.None, audio is not null);
            if (answer is null) return;
            Assert.Equal(offer.Media.Count, answer.Media.Count);
            Assert.Equal(offer.Times, answer.Times);
            for (int i = 0; i < answer.Media.Count; i++) Assert.Equal(offer.Media[i].Media, answer.Media[i].Media);
            Assert.Single(answer.Media, m => m.Port != 0);
        }).QuickCheckThrowOnFailure();
    }

    private static void Touch(SessionDescription session)
    {
        foreach (MediaDescription media in session.Media)
        {
            _ = media.RtpFormats();
            _ = media.PacketTime;
            _ = media.RtcpAddress(Core.NetworkAddress.FromIPv4(1, 65535));
            _ = session.DirectionOf(media);
            session.ConnectionOf(media)?.TryGetAddress(media.Port, out _);
        }
    }

    private static Gen<string> Text(string alphabet, int min, int max) =>
        from length in Gen.Choose(min, max)
        from chars in Gen.Elements(alphabet.ToCharArray()).ArrayOf(length)
        select new string(chars);

    private static Gen<T?> Maybe<T>(Gen<T> gen)
        where T : class => Gen.OneOf(gen.Select(x => (T?)x), Gen.Constant<T?>(null));

    private static Gen<SdpList<T>> Several<T>(Gen<T> gen, int max = 3)
        where T : IEquatable<T> =>
        from count in Gen.Choose(0, max)
        from items in gen.ArrayOf(count)
        select SdpList.Create<T>(items);

    private static Gen<ulong> Number() => Gen.OneOf(Gen.Choose(0, 100_000).Select(n => (ulong)n), Gen.Constant(ulong.MaxValue));

    private static Gen<SdpConnection> Connection() => Gen.OneOf(
        Gen.Elements(new SdpConnection("IP4", "192.0.2.1"), new SdpConnection("IP6", "2001:db8::1"), new SdpConnection("IP4", "0.0.0.0"), new SdpConnection("IP4", "224.2.1.1/127/3")),
        from type in Field from address in Field from network in Field select new SdpConnection(type, address, network));

    private static Gen<SdpBandwidth> Bandwidth() => from type in Text("ASCTX-", 1, 4) from value in Number() select new SdpBandwidth(type, value);

    private static Gen<SdpTime> Time() =>
        from start in Number()
        from stop in Number()
        from repeats in Several(Words)
        from zone in Maybe(Words)
        select new SdpTime(start, stop) { Repeats = repeats, Zone = zone };

    private static Gen<SdpAttribute> Attribute() => Gen.OneOf(
        Gen.Elements(
            new SdpAttribute("rtpmap", "0 PCMU/8000"),
            new SdpAttribute("rtpmap", "96 telephone-event/8000"),
            new SdpAttribute("ptime", "30"),
            new SdpAttribute("rtcp-mux"),
            new SdpAttribute("rtcp", "4444"),
            new SdpAttribute("sendonly"),
            new SdpAttribute("inactive")),
        from name in Field from value in Maybe(Words) select new SdpAttribute(name, value));

    private static Gen<MediaDescription> Media() =>
        from media in Gen.Elements("audio", "video", "application")
        from port in Gen.Choose(0, 65535)
        from count in Gen.Choose(1, 3)
        from protocol in Gen.Elements("RTP/AVP", "RTP/AVPF", "RTP/SAVP", "udptl")
        from formats in Gen.OneOf(Gen.Elements("0", "8", "96", "111"), Field).NonEmptyListOf()
        from information in Maybe(Words)
        from connections in Several(Connection(), 2)
        from bandwidths in Several(Bandwidth(), 2)
        from key in Maybe(Words)
        from attributes in Several(Attribute(), 6)
        select new MediaDescription
        {
            Media = media,
            Port = (ushort)port,
            PortCount = count,
            Protocol = protocol,
            Formats = [.. formats],
            Information = information,
            Connections = connections,
            Bandwidths = bandwidths,
            Key = key,
            Attributes = attributes,
        };

    private static Gen<SessionDescription> Session() =>
        from user in Field
        from id in Field
        from version in Number()
        from name in Words
        from information in Maybe(Words)
        from uri in Maybe(Words)
        from emails in Several(Words)
        from phones in Several(Words)
        from connection in Maybe(Connection())
        from bandwidths in Several(Bandwidth())
        from first in Time()
        from times in Several(Time(), 2)
        from key in Maybe(Words)
        from attributes in Several(Attribute())
        from media in Several(Media(), 4)
        select new SessionDescription
        {
            Origin = new SdpOrigin(user, id, version, "IP4", "192.0.2.1"),
            SessionName = name,
            Information = information,
            Uri = uri,
            Emails = emails,
            Phones = phones,
            Connection = connection,
            Bandwidths = bandwidths,
            Times = [first, .. times],
            Key = key,
            Attributes = attributes,
            Media = media,
        };
}
