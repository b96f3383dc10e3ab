using System.Globalization;
using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Phone.State;
using Parley.Phone.Terminal;
using Parley.UserAgent.Registrations;

namespace Parley.Phone.Screen;

/// <summary>Draws the phone.</summary>
/// <remarks>
/// <code>
/// title: what waits, and the time
/// accounts
/// - Calls ---------------- the chosen one with how it sounds
/// - [Contacts]  Messages  Missed  Log -
/// the page
/// the latest news, or a question
/// the keys that do something now
/// </code>
/// </remarks>
internal sealed class ScreenDrawing
{
    public const int LeastWidth = 40;
    public const int LeastHeight = 12;
    private const int LeastPage = 3;

    private readonly PhoneState _state;
    private readonly ScreenView _view;
    private readonly CellGrid _grid;
    private readonly Moment _now;

    private ScreenDrawing(PhoneState state, ScreenView view, CellGrid grid, Moment now) => (_state, _view, _grid, _now) = (state, view, grid, now);

    /// <summary>Draws it on a terminal of a size.</summary>
    public static CellGrid Draw(PhoneState state, ScreenView view, int width, int height, Moment now)
    {
        var grid = new CellGrid(Math.Max(width, 1), Math.Max(height, 1));
        new ScreenDrawing(state, view, grid, now).Draw();
        return grid;
    }

    /// <summary>How long a call lasts: 0:42, 1:02:03.</summary>
    public static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");

    private void Draw()
    {
        if (_grid.Width < LeastWidth || _grid.Height < LeastHeight)
        {
            IReadOnlyList<string> words = TerminalText.Wrap($"Too small: {_grid.Width} x {_grid.Height}. The phone needs {LeastWidth} x {LeastHeight}.", _grid.Width);
            for (int i = 0; i < words.Count; i++) _grid.Write(0, i, words[i]);
            return;
        }

        DrawTitle();
        int bottom = _grid.Height - 2;
        if (_view.IsHelp)
        {
            Rule(1, "Keys");
            for (int row = 2, line = _view.Scrolled; row < bottom && line < HelpText.Lines.Count; row++, line++) _grid.WriteFitting(1, row, HelpText.Lines[line], _grid.Width - 2);
        }
        else
        {
            int top = DrawAccounts(1);
            Rule(top++, "Calls");
            top = DrawCalls(top, bottom - LeastPage - 1);
            DrawTabs(top++);
            DrawPage(top, bottom);
        }

        DrawStatus(bottom);
        DrawKeys(bottom + 1);
    }

    private void DrawTitle()
    {
        _grid.Fill(0, CellStyle.Reverse);
        string time = _now.Clock.ToString("HH:mm", CultureInfo.InvariantCulture);
        List<string> parts = [];
        long voice = _state.Accounts.Sum(account => account.NewVoiceMessages);
        if (_state.Accounts.Any(account => account.HasMessages)) parts.Add(voice > 0 ? Count(voice, "voice message") : "messages wait");
        if (_state.Threads.Sum(thread => thread.Unread) is > 0 and var unread) parts.Add(Count(unread, "text"));
        if (_state.MissedUnseen > 0) parts.Add($"{_state.MissedUnseen} missed");
        _grid.Write(1, 0, "Parley", CellStyle.Reverse | CellStyle.Bold);
        string waiting = string.Join(" · ", parts);
        _grid.WriteFitting(9, 0, waiting, _grid.Width - 9 - time.Length - 2, CellStyle.Reverse);
        _grid.Write(_grid.Width - time.Length - 1, 0, time, CellStyle.Reverse);
    }

    private static string Count(long number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");

    private int DrawAccounts(int top)
    {
        int shown = _grid.Height >= 18 ? Math.Min(_state.Accounts.Count, 4) : 1;
        int first = Math.Clamp(_state.ChosenAccount - shown + 1, 0, _state.Accounts.Count - shown);
        for (int i = 0; i < shown; i++)
        {
            PhoneAccount account = _state.Accounts[first + i];
            bool isChosen = first + i == _state.ChosenAccount;
            CellStyle style = account.Trouble is not null ? CellStyle.Red : account.Registration == RegistrationState.Registered ? CellStyle.Green : CellStyle.Plain;
            string more = i == shown - 1 && _state.Accounts.Count > shown ? string.Create(CultureInfo.InvariantCulture, $" ({first + i + 1} of {_state.Accounts.Count})") : "";
            int column = _grid.WriteFitting(1, top + i, $"{(_state.Accounts.Count > 1 && isChosen ? "*" : " ")} {account.Name}", _grid.Width / 2);
            string presence = account.IsOpen == false ? ", shown as closed" : "";
            _grid.WriteFitting(column + 2, top + i, account.Words + presence + more, _grid.Width - column - 3, style);
        }

        return top + shown;
    }

    private void Rule(int row, string title)
    {
        _grid.Write(0, row, new string('─', _grid.Width), CellStyle.Dim);
        _grid.Write(2, row, $" {title} ");
    }

    private int DrawCalls(int top, int end)
    {
        if (_state.Calls.Count == 0)
        {
            _grid.WriteFitting(3, top, "no calls; d dials", _grid.Width - 4, CellStyle.Dim);
            return top + 1;
        }

        int chosen = Math.Max(_state.Calls.ToList().IndexOf(_state.Chosen!), 0);
        int rows = Math.Max(end - top, 2);
        int shown = Math.Min(_state.Calls.Count, rows - 1);
        int first = Math.Clamp(chosen - shown + 1, 0, _state.Calls.Count - shown);
        int row = top;
        for (int i = first; i < first + shown; i++)
        {
            DrawCall(row++, _state.Calls[i], i == chosen);
            if (i == chosen) DrawDetails(row++, _state.Calls[i]);
        }

        return row;
    }

    private void DrawCall(int row, PhoneCall call, bool isChosen)
    {
        CellStyle style = call.Phase switch
        {
            CallPhase.Ringing => CellStyle.Yellow | CellStyle.Bold,
            CallPhase.Talking when !call.IsHolding && !call.IsHeld => CellStyle.Green,
            _ => CellStyle.Plain,
        };
        if (isChosen) style |= CellStyle.Bold;
        string right = call.AnsweredAt is null ? "" : Clock(call.Duration(_now.Instant));
        if (_grid.Width >= 60 && call.Codec.Length > 0) right = $"{call.Codec}  {right}";
        _grid.Write(1, row, isChosen ? _view.IsOnCalls ? ">" : "·" : " ", style);
        _grid.Write(3, row, call.Number.ToString(CultureInfo.InvariantCulture), style);
        _grid.WriteFitting(6, row, call.Words, 14, style);
        string address = PhoneState.Short(call.Uri);
        string who = call.Name == address || _grid.Width < 60 ? call.Name : $"{call.Name} <{address}>";
        _grid.WriteFitting(21, row, $"{(call.IsIncoming ? "from" : "to")} {who}", _grid.Width - 21 - right.Length - 2, style);
        _grid.Write(_grid.Width - right.Length - 1, row, right, style);
    }

    private void DrawDetails(int row, PhoneCall call)
    {
        List<string> parts = [];
        if (call.Transfer.Length > 0) parts.Add(call.Transfer);
        if (call.Audio is { } audio && call.AnsweredAt is not null) parts.Add(Quality(audio));
        if (call.Digits.Length > 0) parts.Add($"keys {call.Digits}");
        if (call.DigitsHeard.Length > 0) parts.Add($"heard {call.DigitsHeard}");
        if (_state.Accounts.Count > 1) parts.Add($"by {_state.Accounts[call.Account].Name}");
        _grid.WriteFitting(6, row, string.Join("  ", parts), _grid.Width - 7, CellStyle.Dim);
    }

    /// <summary>Scores of both directions, loss of what was sent to us, jitter, and the way there and back.</summary>
    private static string Quality(AudioStatistics audio)
    {
        long expected = audio.Rtp.PacketsReceived + audio.Rtp.PacketsLost;
        double loss = expected <= 0 ? 0 : 100.0 * Math.Max(audio.Rtp.PacketsLost, 0) / expected;
        string words = string.Create(CultureInfo.InvariantCulture, $"{Scores(audio.Quality)}loss {loss:0.0} %  jitter {audio.Rtp.Jitter.TotalMilliseconds:0.0} ms");
        return audio.Rtp.RoundTrip is { } time ? $"{words}  round trip {time.TotalMilliseconds.ToString(time.TotalMilliseconds < 10 ? "0.0" : "0", CultureInfo.InvariantCulture)} ms" : words;
    }

    private static string Scores(CallQuality? quality)
    {
        DirectionQuality? here = LastOf(quality, interval => interval.Receiving) ?? quality?.Receiving, there = LastOf(quality, interval => interval.Sending) ?? quality?.Sending;
        if (here is null && there is null) return "";
        return string.Create(CultureInfo.InvariantCulture, $"MOS {here?.Rating.ConversationalScore:0.0}{(there is null ? "" : "/")}{there?.Rating.ConversationalScore:0.0}  ");
    }

    private static DirectionQuality? LastOf(CallQuality? quality, Func<QualityInterval, DirectionQuality?> direction) =>
        quality is { Intervals: [.., var last] } ? direction(last) : null;

    private void DrawTabs(int row)
    {
        _grid.Write(0, row, new string('─', _grid.Width), CellStyle.Dim);
        int column = 2;
        foreach (ScreenPage page in Enum.GetValues<ScreenPage>())
        {
            long number = page switch { ScreenPage.Messages => _state.Threads.Sum(thread => thread.Unread), ScreenPage.Missed => _state.MissedUnseen, _ => 0 };
            string name = number > 0 ? string.Create(CultureInfo.InvariantCulture, $"{page} {number}") : page.ToString();
            bool isShown = page == _view.Page;
            column = _grid.Write(column, row, isShown ? $"[{name}]" : $" {name} ", isShown && !_view.IsOnCalls ? CellStyle.Bold : CellStyle.Plain);
        }
    }

    private void DrawPage(int top, int end)
    {
        if (_view.Page == ScreenPage.Log) DrawTail(top, end, [.. _state.Log.SelectMany(line => Indented(line.At, line.Words))]);
        else if (_view.Thread is { } thread && _view.Page == ScreenPage.Messages) DrawThread(top, end, thread);
        else if (_view.Count == 0)
        {
            string words = _view.Page switch { ScreenPage.Contacts => "no contacts: phone.json has them", ScreenPage.Messages => "no texts; m writes one", _ => "no missed calls" };
            _grid.WriteFitting(3, top, words, _grid.Width - 4, CellStyle.Dim);
        }
        else
        {
            int rows = end - top, first = Math.Clamp(_view.Selected - rows + 1, 0, Math.Max(_view.Count - rows, 0));
            for (int i = first; i < _view.Count && i - first < rows; i++) DrawItem(top + i - first, i);
        }
    }

    private void DrawItem(int row, int index)
    {
        bool isSelected = !_view.IsOnCalls && index == _view.Selected;
        CellStyle style = isSelected ? CellStyle.Bold : CellStyle.Plain;
        _grid.Write(1, row, isSelected ? ">" : " ", style);
        switch (_view.Page)
        {
            case ScreenPage.Contacts:
                PhoneContact contact = _state.Contacts[index];
                int name = Math.Max(_grid.Width / 4, 12);
                string address = _grid.Width >= 70 ? PhoneState.Short(contact.Uri.ToString()) : "";
                CellStyle state = (contact.Lamp, contact.IsOpen) switch { (Lamp.Busy or Lamp.Ringing, _) => CellStyle.Yellow, (_, true) => CellStyle.Green, _ => CellStyle.Dim };
                _grid.WriteFitting(3, row, contact.Name, name, style);
                _grid.WriteFitting(4 + name, row, contact.Words, 10, style | state);
                _grid.WriteFitting(15 + name, row, contact.Note, _grid.Width - 16 - name - (address.Length > 0 ? TerminalText.WidthOf(address) + 1 : 0), style);
                _grid.Write(_grid.Width - TerminalText.WidthOf(address) - 1, row, address, style | CellStyle.Dim);
                break;
            case ScreenPage.Messages:
                TextThread thread = _state.Threads[index];
                string unread = thread.Unread > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({thread.Unread} new)") : "";
                int column = _grid.WriteFitting(3, row, thread.Name + unread, _grid.Width / 3, style);
                if (thread.Texts.Count > 0) _grid.WriteFitting(Math.Max(column + 2, (_grid.Width / 3) + 5), row, thread.Texts[^1].Text.ReplaceLineEndings(" "), _grid.Width, CellStyle.Dim);
                break;
            default:
                MissedCall missed = _state.Missed[index];
                column = _grid.Write(3, row, missed.At.ToString("d MMM HH:mm", CultureInfo.InvariantCulture).PadLeft(12), style);
                string from = PhoneState.Short(missed.Uri);
                _grid.WriteFitting(column + 2, row, missed.Name == from ? from : $"{missed.Name} <{from}>", _grid.Width - column - 3, style);
                break;
        }
    }

    private void DrawThread(int top, int end, TextThread thread)
    {
        _grid.WriteFitting(3, top, $"texts with {thread.Name} <{PhoneState.Short(thread.Uri)}>", _grid.Width - 4, CellStyle.Underline);
        List<string> lines = [];
        foreach (ThreadText text in thread.Texts) lines.AddRange(Indented(text.At, $"{(text.IsMine ? "you" : thread.Name)}: {text.Text}{(text.Fate.Length > 0 ? $" ({text.Fate})" : "")}"));
        DrawTail(top + 1, end, lines);
    }

    private IEnumerable<string> Indented(DateTimeOffset at, string words)
    {
        string start = at.ToString("HH:mm", CultureInfo.InvariantCulture) + "  ";
        foreach (string line in TerminalText.Wrap(words, _grid.Width - start.Length - 4))
        {
            yield return start + line;
            start = new string(' ', start.Length);
        }
    }

    /// <summary>The last lines, or those before them when the user went back.</summary>
    private void DrawTail(int top, int end, List<string> lines)
    {
        _view.Scrolled = Math.Clamp(_view.Scrolled, 0, Math.Max(lines.Count - (end - top), 0));
        int first = Math.Max(lines.Count - (end - top) - _view.Scrolled, 0);
        for (int i = first; i < lines.Count && i - first < end - top; i++) _grid.WriteFitting(3, top + i - first, lines[i], _grid.Width - 4);
    }

    private void DrawStatus(int row)
    {
        if (_view.Prompt is { } prompt)
        {
            int column = _grid.WriteFitting(1, row, prompt.Label, _grid.Width / 2, CellStyle.Bold);
            (string text, int cursor) = prompt.Editor.View(_grid.Width - column - 1);
            _grid.Write(column, row, text);
            _grid.Cursor = (Math.Min(column + cursor, _grid.Width - 1), row);
        }
        else if (_state.Transfers.Count > 0)
        {
            PendingTransfer asked = _state.Transfers[0];
            _grid.WriteFitting(1, row, $"{_state.Find(asked.Call)?.Name} asks you to call {PhoneState.Short(asked.Target)}: y / n", _grid.Width - 2, CellStyle.Bold | CellStyle.Yellow);
        }
        else _grid.WriteFitting(1, row, _view.Status, _grid.Width - 2);
    }

    private void DrawKeys(int row)
    {
        const string Help = "? help";
        _grid.Fill(row, CellStyle.Reverse);
        bool hasHelp = _view.Prompt is null && !_view.IsHelp;
        int end = _grid.Width - 1 - (hasHelp ? Help.Length + 2 : 0), column = 1;
        foreach ((string key, string words) in KeyLine.Of(_state, _view))
        {
            if (column + key.Length + 1 + words.Length > end) continue;
            column = _grid.Write(column, row, key, CellStyle.Reverse | CellStyle.Bold);
            column = _grid.Write(column + 1, row, words, CellStyle.Reverse) + 2;
        }

        if (hasHelp) _grid.Write(_grid.Width - 1 - Help.Length, row, Help, CellStyle.Reverse);
    }
}
