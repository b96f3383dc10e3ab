using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>A set of descriptors to wait for, each with the source that serves it.</summary>
/// <remarks>
/// What the system keeps per descriptor is the source's slot and the slot's generation, so that an event of a descriptor that was closed
/// earlier in the same round finds nobody. Unsafe because the system fills memory by address.
/// </remarks>
internal sealed unsafe class Epoll : IDisposable
{
    private const int MaxEvents = 256;

    // struct epoll_event: events (4), data (8); packed on x86-64 alone.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventBytes - 8;

    private readonly int _fd;
    private readonly byte* _events;
    private readonly Stack<int> _free = new();
    private Slot[] _slots = new Slot[16];
    private int _used;
    private bool _hasFineTimeouts = true;
    private int _ready;

    public Epoll()
    {
        _fd = epoll_create1(EPOLL_CLOEXEC);
        if (_fd < 0) throw new Win32Exception(Error);
        _events = (byte*)NativeMemory.AllocZeroed((nuint)(MaxEvents * EventBytes));
    }

    /// <summary>The sources.</summary>
    public IEnumerable<IEpollSource> Sources => _slots.Take(_used).Select(slot => slot.Source).OfType<IEpollSource>();

    /// <summary>Watches a descriptor.</summary>
    /// <returns>Its slot.</returns>
    public int Add(int fd, IEpollSource source, uint events)
    {
        if (!_free.TryPop(out int slot))
        {
            if (_used == _slots.Length) Array.Resize(ref _slots, 2 * _used);
            slot = _used++;
        }

        _slots[slot].Source = source;
        Control(EPOLL_CTL_ADD, fd, slot, events);
        return slot;
    }

    /// <summary>Waits for other events of a descriptor.</summary>
    public void Modify(int fd, int slot, uint events) => Control(EPOLL_CTL_MOD, fd, slot, events);

    /// <summary>Watches a descriptor no more.</summary>
    public void Remove(int fd, int slot)
    {
        Control(EPOLL_CTL_DEL, fd, slot, 0);
        _slots[slot].Source = null;
        _slots[slot].Generation++;
        _free.Push(slot);
    }

    /// <summary>Waits until a descriptor is ready or the time is over.</summary>
    /// <param name="timeout">Negative for ever.</param>
    public void Wait(TimeSpan timeout)
    {
        _ready = Math.Max(0, _hasFineTimeouts ? WaitFine(timeout) : WaitCoarse(timeout));
    }

    /// <summary>Takes the next of those that the last wait found ready.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTakeReady(out IEpollSource source, out uint events)
    {
        while (_ready > 0)
        {
            byte* entry = _events + (--_ready * EventBytes);
            ulong data = Unsafe.ReadUnaligned<ulong>(entry + DataOffset);
            ref Slot slot = ref _slots[(uint)data];
            if (slot.Source is null || slot.Generation != (uint)(data >> 32)) continue;
            source = slot.Source;
            events = Unsafe.ReadUnaligned<uint>(entry);
            return true;
        }

        source = null!;
        events = 0;
        return false;
    }

    public void Dispose()
    {
        close(_fd);
        NativeMemory.Free(_events);
    }

    private int WaitFine(TimeSpan timeout)
    {
        try
        {
            TimeSpec time = timeout < TimeSpan.Zero ? default : TimeSpec.From(timeout);
            int count = epoll_pwait2(_fd, _events, MaxEvents, timeout < TimeSpan.Zero ? null : &time, null);
            if (count >= 0 || Error != ENOSYS) return count;
        }
        catch (EntryPointNotFoundException)
        {
            // Neither has a C library before glibc 2.35 it, nor Linux before 5.11.
        }

        _hasFineTimeouts = false;
        return WaitCoarse(timeout);
    }

    private int WaitCoarse(TimeSpan timeout)
    {
        int milliseconds = timeout < TimeSpan.Zero ? -1 : (int)Math.Min(int.MaxValue, Math.Ceiling(timeout.TotalMilliseconds));
        return epoll_wait(_fd, _events, MaxEvents, milliseconds);
    }

    private void Control(int operation, int fd, int slot, uint events)
    {
        byte* entry = stackalloc byte[16];
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + DataOffset, (uint)slot | ((ulong)_slots[slot].Generation << 32));
        if (epoll_ctl(_fd, operation, fd, entry) < 0) throw new Win32Exception(Error);
    }

    private struct Slot
    {
        public IEpollSource? Source;
        public uint Generation;
    }
}
