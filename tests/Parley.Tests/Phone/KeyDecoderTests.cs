using System.Text;
using Parley.Phone.Terminal;

namespace Parley.Tests.Phone;

/// <summary>What a terminal's bytes mean, however they are cut.</summary>
public sealed class KeyDecoderTests
{
    public static TheoryData<string, string> Sequences => new()
    {
        { "a1#", "a 1 #" },
        { "é日📞", "é 日 📞" },
        { "\r", "Enter" },
        { "\t\e[Z", "Tab BackTab" },
        { "\x7f\b", "Backspace Backspace" },
        { "\e[A\e[B\e[C\e[D", "Up Down Right Left" },
        { "\eOA\eOB\eOH\eOF", "Up Down Home End" },      // the other mode of the keypad
        { "\e[1;5A", "Up" },                               // with Ctrl
        { "\e[H\e[F\e[1~\e[4~\e[3~\e[5~\e[6~", "Home End Home End Delete PageUp PageDown" },
        { "\eOp\eOy\eOM", "0 9 Enter" },
        { "\x03\x0c\x15", "Interrupt Redraw Clear" },
        { "\e[15~\e[<0;3;4Mx", "x" },                     // F5 and a mouse are nothing here
        { "\ebx", "x" },                                   // Alt-b
        { "\e[200~h\r\x03q\e[201~q", "(h) ( ) (q) q" },   // what is pasted is text
        { "\e\e[A", "Escape Up" },
        { "\x00\x01", "Home" },
    };

    [Theory, MemberData(nameof(Sequences))]
    public void Bytes_are_keys(string text, string keys)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(keys, Words(new KeyDecoder().OnBytes(bytes)));
        var decoder = new KeyDecoder();
        Assert.Equal(keys, Words(bytes.SelectMany(value => decoder.OnBytes([value])).ToList()));
        Assert.False(decoder.IsWaiting);
    }

    [Fact]
    public void Escape_alone_is_a_key_when_nothing_follows()
    {
        var decoder = new KeyDecoder();
        Assert.Empty(decoder.OnBytes("\e"u8));
        Assert.True(decoder.IsWaiting);
        Assert.Equal("Escape", Words(decoder.OnPause()));
        Assert.Empty(decoder.OnBytes("\e["u8));
        Assert.Empty(decoder.OnPause());
        Assert.Equal("x", Words(decoder.OnBytes("x"u8)));
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_dropped_and_what_follows_is_not()
    {
        Assert.Equal("a b c", Words(new KeyDecoder().OnBytes([(byte)'a', 0xC3, (byte)'b', 0xFF, 0xE6, (byte)'c'])));
    }

    [Fact]
    public void Any_bytes_leave_it_usable()
    {
        var random = new Random(3);
        for (int round = 0; round < 2000; round++)
        {
            var decoder = new KeyDecoder();
            byte[] bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            decoder.OnBytes(bytes);
            decoder.OnPause();
            decoder.OnBytes("\e[201~"u8);
            Assert.Equal("q", Words(decoder.OnBytes("q"u8)));
        }
    }

    private static string Words(IEnumerable<Key> keys) =>
        string.Join(' ', keys.Select(key => key.Name != KeyName.Character ? key.Name.ToString() : key.IsPasted ? $"({key.Character})" : key.Character.ToString()));
}
