using Microsoft.Win32.SafeHandles;

namespace Parley.Net.Linux;

/// <summary>Writes a program for the kernel's machine (eBPF), instruction by instruction.</summary>
/// <remarks>
/// Eleven registers: R0 gets what a function returns and the program returns, R1 to R5 are arguments and lost in a call, R6 to R9 stay, R10 is the end of
/// the stack. An instruction is eight bytes: code, both registers, an offset, a constant. Source: linux/bpf.h; RFC 9669 3 to 5.
/// </remarks>
internal sealed class BpfCode
{
    // The condition of a jump, as the upper four bits of its code.
    public const byte Equal = 0x10, Greater = 0x20, NotLess = 0x30, NotEqual = 0x50, Less = 0xa0;

    // Arithmetic, likewise.
    public const byte Add = 0x00, Subtract = 0x10, Multiply = 0x20, Or = 0x40, And = 0x50, ShiftRight = 0x70, Xor = 0xa0, Move = 0xb0;

    // How much is loaded or stored.
    public const byte Word = 0x00, Byte = 0x10, Long = 0x18;

    private const byte Alu32 = 0x04, Alu64 = 0x07, Jump64 = 0x05, Jump32 = 0x06, LoadFrom = 0x61, StoreTo = 0x63, StoreConstant = 0x62;
    private const byte LoadLong = 0x18, CallCode = 0x85, ExitCode = 0x95, FromRegister = 0x08, MapByDescriptor = 1;

    private readonly List<ulong> _instructions = [];
    private readonly List<(int From, BpfLabel To)> _jumps = [];

    /// <summary>The program, with all jumps set.</summary>
    public ulong[] ToArray()
    {
        foreach ((int from, BpfLabel to) in _jumps) _instructions[from] |= (ulong)(ushort)checked((short)(to.Place - from - 1)) << 16;
        _jumps.Clear();
        return [.. _instructions];
    }

    /// <summary>Names the place of what is written next.</summary>
    public void Mark(BpfLabel label) => label.Place = _instructions.Count;

    /// <summary>Arithmetic on the lower 32 bits; the upper ones become zero.</summary>
    public void Do32(byte operation, int register, int constant) => Write((byte)(Alu32 | operation), register, 0, 0, constant);

    /// <inheritdoc cref="Do32(byte, int, int)"/>
    public void Do32From(byte operation, int register, int source) => Write((byte)(Alu32 | operation | FromRegister), register, source, 0, 0);

    /// <summary>Arithmetic on all 64 bits, and on addresses.</summary>
    public void Do(byte operation, int register, int constant) => Write((byte)(Alu64 | operation), register, 0, 0, constant);

    /// <inheritdoc cref="Do(byte, int, int)"/>
    public void DoFrom(byte operation, int register, int source) => Write((byte)(Alu64 | operation | FromRegister), register, source, 0, 0);

    /// <summary>Loads a byte, word or long word from an address in a register, without its sign.</summary>
    public void Load(byte size, int register, int address, short offset) => Write((byte)(LoadFrom | size), register, address, offset, 0);

    /// <summary>Stores a register's word at an address in another.</summary>
    public void Store(int address, short offset, int register) => Write(StoreTo, address, register, offset, 0);

    /// <summary>Stores a constant word at an address in a register.</summary>
    public void StoreWord(int address, short offset, int constant) => Write(StoreConstant, address, 0, offset, constant);

    /// <summary>Goes on elsewhere if 64 bits compare so with a constant that is not negative.</summary>
    public void JumpIf(byte condition, int register, int constant, BpfLabel to) => WriteJump((byte)(Jump64 | condition), register, 0, constant, to);

    /// <summary>Goes on elsewhere if the 64 bits of two registers compare so.</summary>
    public void JumpIfRegister(byte condition, int register, int other, BpfLabel to) => WriteJump((byte)(Jump64 | condition | FromRegister), register, other, 0, to);

    /// <summary>Goes on elsewhere if the lower 32 bits compare so with a constant.</summary>
    public void JumpIf32(byte condition, int register, uint constant, BpfLabel to) => WriteJump((byte)(Jump32 | condition), register, 0, (int)constant, to);

    /// <summary>Goes on elsewhere.</summary>
    public void Jump(BpfLabel to) => WriteJump(Jump64, 0, 0, 0, to);

    /// <summary>Has a register name a map, for a call.</summary>
    public void LoadMap(int register, SafeFileHandle map) => WriteLong(register, MapByDescriptor, (uint)Bpf.Descriptor(map));

    /// <summary>Loads a constant of 64 bits.</summary>
    public void LoadConstant(int register, ulong constant) => WriteLong(register, 0, constant);

    /// <summary>Calls one of the kernel's functions for programs.</summary>
    /// <param name="function">Its number: enum bpf_func_id.</param>
    public void Call(int function) => Write(CallCode, 0, 0, 0, function);

    /// <summary>Ends the program; R0 is what it says.</summary>
    public void Exit() => Write(ExitCode, 0, 0, 0, 0);

    private void WriteLong(int register, int kind, ulong constant)
    {
        Write(LoadLong, register, kind, 0, (int)(uint)constant);
        Write(0, 0, 0, 0, (int)(uint)(constant >> 32));
    }

    private void WriteJump(byte code, int register, int other, int constant, BpfLabel to)
    {
        _jumps.Add((_instructions.Count, to));
        Write(code, register, other, 0, constant);
    }

    private void Write(byte code, int register, int source, short offset, int constant)
    {
        // The machine's own byte order puts the two registers the other way round where it is big-endian; no such is supported.
        _instructions.Add(code | ((ulong)(uint)(register | (source << 4)) << 8) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)constant << 32));
    }
}

/// <summary>A place in a program that is jumped to.</summary>
internal sealed class BpfLabel
{
    /// <summary>Which instruction it is.</summary>
    public int Place { get; set; }
}
