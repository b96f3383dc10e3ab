using Parley.Core;
using Parley.Sdp;

namespace Parley.Media.Tests.Sdp;

/// <summary>What descriptions say of recordings: RFC 7866 7.1.2, 7.1.3, 7.3.</summary>
public class RecordingTests
{
    private static readonly LocalAudioAddress Here = new(NetworkAddress.FromIPv4(0xC0000201, 4000));
    private static readonly AudioCapabilities Plain = new() { Formats = [new MediaFormat(0, "PCMU", 8000)] };

    [Theory]
    [InlineData("", "", null, RecordingPreference.NoPreference)]
    [InlineData("", "a=record:on\r\n", RecordingState.On, RecordingPreference.NoPreference)]
    [InlineData("", "a=record:off\r\na=recordpref:on\r\n", RecordingState.Off, RecordingPreference.On)]
    [InlineData("", "a=record:paused\r\na=recordpref:off\r\n", RecordingState.Paused, RecordingPreference.Off)]
    [InlineData("a=record:on\r\na=recordpref:pause\r\n", "", RecordingState.On, RecordingPreference.Pause)]
    [InlineData("a=record:on\r\na=recordpref:pause\r\n", "a=record:off\r\na=recordpref:nopreference\r\n", RecordingState.Off, RecordingPreference.NoPreference)]
    [InlineData("", "a=record\r\na=recordpref:\r\n", null, RecordingPreference.NoPreference)]
    [InlineData("", "a=record:perhaps\r\na=recordpref:never\r\n", null, RecordingPreference.NoPreference)]
    public void What_the_other_side_says_holds_for_the_stream_or_the_session(string session, string stream, RecordingState? recording, RecordingPreference preference)
    {
        Assert.True(SessionDescription.TryParse(
            System.Text.Encoding.UTF8.GetBytes($"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{session}m=video 5000 RTP/AVP 31\r\na=record:paused\r\nm=audio 4000 RTP/AVP 0\r\n{stream}"),
            out SessionDescription? offer, out _));

        Assert.Equal(NegotiationFailure.None, new OfferAnswer(Plain, 1).Answer(offer!, Here, MediaDirection.SendReceive, out _, out NegotiatedAudio? audio));
        Assert.Equal((recording, preference), (audio!.RemoteRecording, audio.RemoteRecordingPreference));
        Assert.Equal(preference, offer!.AudioRecordingPreference());
    }

    [Theory]
    [InlineData(null, true, RecordingPreference.NoPreference, "")]
    [InlineData(RecordingState.On, true, RecordingPreference.NoPreference, "a=record:on\r\n")]
    [InlineData(RecordingState.Paused, true, RecordingPreference.Off, "a=record:paused\r\na=recordpref:off\r\n")]
    [InlineData(RecordingState.Off, true, RecordingPreference.Pause, "a=record:off\r\na=recordpref:pause\r\n")]
    [InlineData(RecordingState.On, false, RecordingPreference.On, "a=recordpref:on\r\n")]
    public void What_this_side_says_stands_in_offers_and_answers(RecordingState? recording, bool tells, RecordingPreference preference, string lines)
    {
        AudioCapabilities capabilities = Plain with { RecordingPreference = preference };
        var offering = new OfferAnswer(capabilities, 1) { Recording = recording, TellsRecording = tells };
        SessionDescription offer = offering.CreateOffer(Here, MediaDirection.SendReceive);
        var answering = new OfferAnswer(capabilities, 2) { Recording = recording, TellsRecording = tells };
        Assert.Equal(NegotiationFailure.None, answering.Answer(offer, Here, MediaDirection.SendReceive, out SessionDescription? answer, out _));

        foreach (SessionDescription made in new[] { offer, answer! })
        {
            Assert.Equal(lines, string.Concat(made.ToString().Split("\r\n").Where(line => line.StartsWith("a=record", StringComparison.Ordinal)).Select(line => line + "\r\n")));
        }

        Assert.Equal(tells ? recording : null, offering.ToldRecording);
        Assert.Equal(NegotiationFailure.None, offering.ProcessAnswer(answer!, out _));
        Assert.Equal(tells ? recording : null, answering.Fork().ToldRecording);
    }

    [Fact]
    public void A_change_is_a_new_version_and_one_that_was_refused_was_not_told()
    {
        var offering = new OfferAnswer(Plain, 1);
        SessionDescription first = offering.CreateOffer(Here, MediaDirection.SendReceive);
        new OfferAnswer(Plain, 2).Answer(first, Here, MediaDirection.SendReceive, out SessionDescription? answer, out _);
        offering.ProcessAnswer(answer!, out _);

        offering.Recording = RecordingState.On;
        SessionDescription second = offering.CreateOffer(Here, MediaDirection.SendReceive);
        Assert.Equal(first.Origin.SessionVersion + 1, second.Origin.SessionVersion);
        Assert.Equal(RecordingState.On, offering.ToldRecording);
        offering.Abandon();
        Assert.Null(offering.ToldRecording);
    }
}
