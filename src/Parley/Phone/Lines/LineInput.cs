using System.Text;
using System.Threading.Channels;
using Parley.Phone.Desk;
using Parley.Phone.State;

namespace Parley.Phone.Lines;

/// <summary>Reads standard input, a line at a time, on a thread of its own: reading a terminal cannot be taken back.</summary>
internal static class LineInput
{
    /// <summary>Begins. The process does not wait for it when it ends.</summary>
    public static void Start(PhoneDesk desk)
    {
        var thread = new Thread(() => Read(desk)) { IsBackground = true, Name = "Parley phone input" };
        thread.Start();
    }

    private static void Read(PhoneDesk desk)
    {
        using var reader = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        try
        {
            while (reader.ReadLine() is { } line) Deliver(desk, new LineRead(line));
        }
        catch (IOException)
        {
            // Whoever wrote is gone: that is the end of the input.
        }

        Deliver(desk, new LineRead(null));
    }

    /// <summary>A program may write faster than its lines are obeyed: none is lost, it waits.</summary>
    private static void Deliver(PhoneDesk desk, LineRead line)
    {
        try
        {
            desk.DeliverAsync(line).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            // The phone has ended.
        }
    }
}
