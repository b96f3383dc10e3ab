using System.Runtime.InteropServices;
using System.Text;
using Parley.Phone.Desk;
using Parley.Phone.Screen;
using Parley.Phone.State;

namespace Parley.Phone.Terminal;

/// <summary>The terminal while the phone has the whole of it: every key, the alternate screen, its size. It is given back on every way out.</summary>
/// <remarks>
/// Of our own, for it is small. Spectre.Console, which was weighed, draws well but owns the loop of what it shows live, writes whole frames, and reads keys by
/// <see cref="Console.ReadKey(bool)"/>, which sets the terminal for one key and back again, so that what is typed meanwhile is echoed into the picture.
/// </remarks>
internal sealed class TerminalSession : IScreen, IDisposable
{
    private const int SequenceMilliseconds = 50;        // how long the rest of a key's sequence may take, over a slow line too
    private const int IdleMilliseconds = 500;
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly PhoneDesk _desk;
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly byte[] _before = new byte[LibC.AttributesLength];
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly ITimer _ticks;
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _hasLeft;

    private TerminalSession(PhoneDesk desk)
    {
        _desk = desk;
        if (LibC.tcgetattr(LibC.StandardInput, ref _before[0]) != 0) throw new IOException($"The terminal cannot be set up: {Marshal.GetLastPInvokeErrorMessage()}");
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
        AppDomain.CurrentDomain.UnhandledException += OnEnd;
        SetRaw();
        Put(ScreenWriter.Enter);
        if (!OperatingSystem.IsWindows())
        {
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _desk.Post(new ScreenStale(IsAnew: true))));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Return()));
        }

        _ticks = TimeProvider.System.CreateTimer(_ => _desk.Post(new ScreenStale()), null, TimeSpan.Zero, TickInterval);
        new Thread(ReadKeys) { IsBackground = true, Name = "Parley phone keys" }.Start();
    }

    /// <summary>Completes when the terminal is the user's again.</summary>
    public Task Left => _left.Task;

    /// <remarks>A serial line has no size: it is taken for one of 80 columns and 24 rows.</remarks>
    public (int Width, int Height) Size => Console.WindowWidth is > 0 and var width && Console.WindowHeight is > 0 and var height ? (width, height) : (80, 24);

    /// <summary>Why there is no terminal that a phone can be drawn on; null when there is.</summary>
    public static string? WhyNot()
    {
        if (OperatingSystem.IsWindows()) return "the screen needs a terminal of Linux or macOS";
        if (Console.IsInputRedirected || Console.IsOutputRedirected) return "standard input and output are no terminal";
        return Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb" ? "this terminal can show no screen (TERM)" : null;
    }

    /// <summary>Takes the terminal.</summary>
    /// <param name="desk">Hears keys, and when something may have to be drawn.</param>
    /// <exception cref="IOException">It cannot be set up.</exception>
    public static TerminalSession Enter(PhoneDesk desk) => new(desk);

    public void Write(string text)
    {
        lock (_gate)
        {
            if (!_hasLeft) Put(text);
        }
    }

    public void Leave()
    {
        if (!_gate.TryEnter(LongestWrite))
        {
            _ = LibC.tcsetattr(LibC.StandardInput, LibC.Now, ref _before[0]);       // the terminal takes nothing more: its keys are given back at least
            return;
        }

        try
        {
            if (_hasLeft) return;
            _hasLeft = true;
            Put(ScreenWriter.Leave);
            _ = LibC.tcsetattr(LibC.StandardInput, LibC.Now, ref _before[0]);
        }
        finally
        {
            _gate.Exit();
        }

        _left.TrySetResult();
    }

    public void Dispose()
    {
        Leave();
        AppDomain.CurrentDomain.ProcessExit -= OnEnd;
        AppDomain.CurrentDomain.UnhandledException -= OnEnd;
        _ticks.Dispose();
        foreach (PosixSignalRegistration signal in _signals) signal.Dispose();
        _output.Dispose();
    }

    private void OnEnd(object? sender, EventArgs e) => Leave();

    /// <summary>The process was stopped, and its terminal used by others.</summary>
    private void Return()
    {
        lock (_gate)
        {
            if (_hasLeft) return;
            SetRaw();
            Put(ScreenWriter.Enter);
        }

        _desk.Post(new ScreenStale(IsAnew: true));
    }

    private void SetRaw()
    {
        byte[] raw = [.. _before];
        LibC.cfmakeraw(ref raw[0]);
        _ = LibC.tcsetattr(LibC.StandardInput, LibC.Now, ref raw[0]);
    }

    private void Put(string text)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(text));
            _output.Flush();
        }
        catch (IOException)
        {
            _desk.End();        // the terminal is gone: calls are not left behind
        }
    }

    private void ReadKeys()
    {
        var decoder = new KeyDecoder();
        byte[] buffer = new byte[1024];
        while (!_hasLeft)
        {
            var waiting = new LibC.PollDescriptor { Descriptor = LibC.StandardInput, Events = LibC.PollIn };
            int ready = LibC.poll(ref waiting, 1, decoder.IsWaiting ? SequenceMilliseconds : IdleMilliseconds);
            if (_hasLeft) return;
            IEnumerable<Key> keys = [];
            if (ready == 0) keys = decoder.IsWaiting ? decoder.OnPause() : [];
            else
            {
                nint length = ready < 0 ? -1 : LibC.read(LibC.StandardInput, ref buffer[0], (nuint)buffer.Length);
                if (length > 0) keys = decoder.OnBytes(buffer.AsSpan(0, (int)length));
                else if (length == 0 || Marshal.GetLastPInvokeError() != LibC.Interrupted)
                {
                    _desk.End();
                    return;
                }
            }

            foreach (Key key in keys) _desk.Post(new KeyPressed(key));
        }
    }
}
