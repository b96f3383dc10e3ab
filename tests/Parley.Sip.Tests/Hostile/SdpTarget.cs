using Parley.Core;
using Parley.Sdp;

namespace Parley.Sip.Tests.Hostile;

/// <summary>Session descriptions: what is read is written and read again as the same, and an offer or answer gets its result.</summary>
internal static class SdpTarget
{
    private static readonly AudioCapabilities Capabilities = new()
    {
        Formats = [new MediaFormat(0, "PCMU", 8000), new MediaFormat(8, "PCMA", 8000), new MediaFormat(101, MediaFormat.TelephoneEvent, 8000) { Parameters = "0-16" }],
    };

    private static readonly LocalAudioAddress Local = new(NetworkAddress.FromIPv4(0xC000_0201, 4000));

    public static ulong Run(byte[] input)
    {
        var seen = new Features();
        Look(input, ref seen);
        return seen.Value;
    }

    public static void Look(ReadOnlySpan<byte> input, ref Features seen)
    {
        bool isRead = SessionDescription.TryParse(input, out SessionDescription? description, out SdpError error);
        seen.Add((int)error.Reason);
        Must.Hold(isRead == (error.Reason == SdpErrorReason.None), "A result without its reason");
        if (!isRead) return;
        seen.Add(description!.Media.Count);
        foreach (MediaDescription media in description.Media) LookAt(description, media, ref seen);
        ReadAgain(description);

        // Who writes longer lines than came may exceed the limit of a description; nothing here does.
        var answerer = new OfferAnswer(Capabilities, 1);
        NegotiationFailure expected = answerer.Evaluate(description);
        NegotiationFailure failure = answerer.Answer(description, Local, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio);
        seen.Add((int)failure);
        Must.Hold(failure == expected && failure == NegotiationFailure.None == (answer is not null && audio is not null), $"{failure} where {expected} was said");
        if (answer is not null)
        {
            Must.Hold(answer.Media.Count == description.Media.Count, "Another number of streams");
            ReadAgain(answer);
            ReadAgain(answerer.CreateOffer(Local, MediaDirection.SendOnly));
            seen.Add((int)audio!.Direction);
        }

        var offerer = new OfferAnswer(Capabilities, 2);
        offerer.CreateOffer(Local, MediaDirection.SendReceive);
        seen.Add((int)offerer.ProcessAnswer(description, out _));
    }

    private static void LookAt(SessionDescription description, MediaDescription media, ref Features seen)
    {
        seen.Add(media.RtpFormats().Count);
        seen.Add((int)description.DirectionOf(media));
        seen.Add(media.PacketTime is not null);
        seen.Add(media.MaxPacketTime is not null);
        seen.Add(media.RtcpMux);
        seen.Add(media.RtcpAddress(NetworkAddress.FromIPv4(1, 65535)).IsIPv4);
        if (description.ConnectionOf(media) is not { } connection) return;
        seen.Add(connection.IsMulticast);
        seen.Add(connection.IsUnspecified);
        seen.Add(connection.TryGetAddress(media.Port, out _));
    }

    private static void ReadAgain(SessionDescription description)
    {
        byte[] written = description.ToBytes();
        bool isRead = SessionDescription.TryParse(written, out SessionDescription? again, out SdpError error);
        Must.Hold(isRead || error.Reason == SdpErrorReason.TooLong, $"{error} once it is written: {description}");
        Must.Hold(!isRead || description == again, $"Another description once it is written: {description}");
    }
}
