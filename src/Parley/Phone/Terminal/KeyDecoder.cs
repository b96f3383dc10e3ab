using System.Text;

namespace Parley.Phone.Terminal;

/// <summary>Makes keys of the bytes that a terminal sends. A core: it is told when no more has come for a while.</summary>
/// <remarks>
/// Escape is a key and the beginning of others: alone it is one when nothing follows it soon (<see cref="OnPause"/>). The sequences are those of ECMA-48 and xterm, in
/// both of its keypad modes; what is not known is dropped whole.
/// </remarks>
internal sealed class KeyDecoder
{
    private const int MaxSequence = 32;

    private readonly List<byte> _pending = [];
    private bool _isPasting;

    /// <summary>True when what has come may be the beginning of a key.</summary>
    public bool IsWaiting => _pending.Count > 0;

    /// <summary>Takes bytes.</summary>
    public IEnumerable<Key> OnBytes(ReadOnlySpan<byte> bytes)
    {
        List<Key> keys = [];
        foreach (byte value in bytes)
        {
            _pending.Add(value);
            if (TryTake(out Key? key) && key is { } taken) keys.Add(taken);
        }

        return keys;
    }

    /// <summary>Nothing more has come for as long as a sequence takes at most.</summary>
    public IEnumerable<Key> OnPause()
    {
        bool isEscape = _pending is [0x1B];
        _pending.Clear();
        return isEscape && !_isPasting ? [new Key(KeyName.Escape)] : [];
    }

    /// <returns>True when what is pending is whole, or nothing.</returns>
    private bool TryTake(out Key? key)
    {
        key = null;
        byte first = _pending[0];
        if (first == 0x1B) return TryTakeSequence(out key);
        if (first >= 0x80) return TryTakeCharacter(out key);
        _pending.Clear();
        key = first switch
        {
            (byte)'\r' or (byte)'\n' => _isPasting ? new Key(KeyName.Character, new Rune(' '), true) : new Key(KeyName.Enter),
            (byte)'\t' => _isPasting ? new Key(KeyName.Character, new Rune(' '), true) : new Key(KeyName.Tab),
            0x7F or 0x08 => new Key(KeyName.Backspace),
            0x03 when !_isPasting => new Key(KeyName.Interrupt),
            0x0C when !_isPasting => new Key(KeyName.Redraw),
            0x15 when !_isPasting => new Key(KeyName.Clear),
            0x01 when !_isPasting => new Key(KeyName.Home),
            0x05 when !_isPasting => new Key(KeyName.End),
            >= 0x20 => new Key(KeyName.Character, new Rune((char)first), _isPasting),
            _ => null,
        };
        return true;
    }

    // ESC [ parameters final, ESC O final, or ESC character (Alt, which means nothing here)
    private bool TryTakeSequence(out Key? key)
    {
        key = null;
        if (_pending.Count == 1) return false;
        byte second = _pending[1], last = _pending[^1];
        if (second == 0x1B)
        {
            _pending.RemoveAt(0);       // Escape, and then another key
            key = _isPasting ? null : new Key(KeyName.Escape);
            return true;
        }

        if (second is not ((byte)'[' or (byte)'O'))
        {
            _pending.Clear();
            return true;
        }

        if (_pending.Count == 2) return false;
        if (last is < 0x40 or > 0x7E)
        {
            if (_pending.Count <= MaxSequence && last is >= 0x20 and < 0x40) return false;
            _pending.Clear();       // no sequence: a control character in it, or no end
            return true;
        }

        string parameters = Encoding.ASCII.GetString([.. _pending[2..^1]]);
        _pending.Clear();
        key = Find(parameters, (char)last);
        return true;
    }

    private Key? Find(string parameters, char final)
    {
        string first = parameters.Split(';')[0];
        switch (final)
        {
            case '~' when first is "200" or "201":
                _isPasting = first == "200";
                return null;
            case var _ when _isPasting: return null;
            case '~':
                return first switch
                {
                    "1" or "7" => new Key(KeyName.Home),
                    "4" or "8" => new Key(KeyName.End),
                    "3" => new Key(KeyName.Delete),
                    "5" => new Key(KeyName.PageUp),
                    "6" => new Key(KeyName.PageDown),
                    _ => null,
                };
            case 'A': return new Key(KeyName.Up);
            case 'B': return new Key(KeyName.Down);
            case 'C': return new Key(KeyName.Right);
            case 'D': return new Key(KeyName.Left);
            case 'H': return new Key(KeyName.Home);
            case 'F': return new Key(KeyName.End);
            case 'Z': return new Key(KeyName.BackTab);
            case 'M' when parameters.Length == 0: return new Key(KeyName.Enter);        // of the keypad
            case >= 'p' and <= 'y' when parameters.Length == 0: return Key.Of((char)('0' + (final - 'p')));
            default: return null;
        }
    }

    private bool TryTakeCharacter(out Key? key)
    {
        key = null;
        System.Buffers.OperationStatus status = Rune.DecodeFromUtf8([.. _pending], out Rune rune, out int used);
        if (status == System.Buffers.OperationStatus.NeedMoreData) return false;
        byte last = _pending[^1];
        bool isCut = status == System.Buffers.OperationStatus.InvalidData && _pending.Count > used && last < 0x80;
        _pending.Clear();
        if (isCut) _pending.Add(last);
        if (status == System.Buffers.OperationStatus.Done) key = new Key(KeyName.Character, rune, _isPasting);
        return !isCut || last != 0x1B && TryTake(out key);
    }
}
