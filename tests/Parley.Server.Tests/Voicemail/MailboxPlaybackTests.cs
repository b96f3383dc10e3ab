using Parley.Core;
using Parley.Server.Voicemail;

namespace Parley.Server.Tests.Voicemail;

/// <summary>What keys and the time do with the messages of a mailbox: P plays one, W waits for a key, K keeps, D deletes, L leaves, H hangs up.</summary>
public sealed class MailboxPlaybackTests
{
    [Theory]
    [InlineData(0, "p", "L H")]
    [InlineData(1, "", "P1")]
    [InlineData(1, "p", "P1 W1")]
    [InlineData(1, "pp", "P1 W1")]                          // the tone that asks for a key
    [InlineData(1, "ptp", "P1 W1 K1 L H")]
    [InlineData(2, "ptpt", "P1 W1 K1 P2 W2 K2 L")]
    [InlineData(2, "p2", "P1 W1 K1 P2")]
    [InlineData(2, "2", "P1 K1 P2")]                         // in its middle
    [InlineData(2, "1", "P1 P1")]
    [InlineData(2, "p1", "P1 W1 P1")]
    [InlineData(2, "3p3", "P1 D1 P2 W2 D2 L")]
    [InlineData(2, "0*#ABCD", "P1")]                         // mean nothing
    [InlineData(1, "22233", "P1 K1 L")]                      // nor does any when it leaves
    [InlineData(2, "m", "P1 P2")]                            // somebody else has deleted it
    [InlineData(1, "m", "P1 L")]
    [InlineData(1, "2m", "P1 K1 L")]
    [InlineData(1, "t", "P1")]                               // nothing is due
    public void A_table(int messages, string inputs, string steps)
    {
        VoicemailMessage[] box = [.. Enumerable.Range(1, messages).Select(i => new VoicemailMessage($"{i}", "bob@example.com", "", "", default))];
        var playback = new MailboxPlayback(box);
        Instant now = Instant.Zero;
        playback.Begin();
        foreach (char input in inputs)
        {
            switch (input)
            {
                case 'p': playback.OnPlayed(now); break;
                case 'm': playback.OnMissing(); break;
                case 't':
                    playback.OnDeadline(now += TimeSpan.FromSeconds(4.9));
                    playback.OnDeadline(now += TimeSpan.FromSeconds(0.1));
                    break;
                default: playback.OnKey(input); break;
            }
        }

        List<string> taken = [];
        while (playback.TryTake(out MailboxStep step)) taken.Add($"{step.Kind.ToString()[0]}{step.Message?.Id}");
        Assert.Equal(steps, string.Join(' ', taken));
    }
}
