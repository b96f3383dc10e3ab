using System.Buffers.Binary;
using System.Text;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Writes the packet filter by which the kernel chooses among the sockets of a port: it looks for a header field and computes what <see cref="FieldSteering.SocketOf"/> does.</summary>
/// <remarks>
/// <code>
/// search    for k = 24, 28, ..          four bytes at a time, in lower case: one of four parts of "call-id:" is there wherever it begins
/// check     "\n", "call-id", ":"        all of it, and at the beginning of a line
/// sum       for i = 0 .. 63             sum = sum * factor + byte, up to the first byte that is a space or a control character
/// choose    mixed, % sockets
/// </code>
/// The machine has no way back, so both loops are written out. The kernel compiles the program. It may have less room for it than
/// this asks for: then a shorter part of the datagrams is searched. What it returns when the field is not found is no socket's number,
/// and the kernel goes by the addresses as it would without a program. Unsafe where the system reads the program by its address.
/// Source: linux/filter.h, socket(7) SO_ATTACH_REUSEPORT_CBPF.
/// </remarks>
internal sealed class SteeringProgram
{
    private const int FirstOffset = 24;         // no start line and Via are shorter
    private const int WordBytes = sizeof(uint);
    private const int WordsApart = 8;           // between looks at the length; few enough for a conditional jump to get over
    private const uint LowerCase = 0x2020_2020;
    private const uint NoSocket = uint.MaxValue;
    private static readonly int[] SearchBytes = [1024, 512, 256];

    // Instructions, as linux/bpf_common.h has them.
    private const ushort LoadWord = 0x20, LoadByte = 0x30, LoadLength = 0x80, LoadWordAtX = 0x40, LoadByteAtX = 0x50;
    private const ushort LoadMemory = 0x60, SetX = 0x01, LoadXMemory = 0x61, Store = 0x02, StoreX = 0x03;
    private const ushort AddConstant = 0x04, AddX = 0x0c, Multiply = 0x24, Modulo = 0x94, Or = 0x44, XorX = 0xac, ShiftRight = 0x74;
    private const ushort Jump = 0x05, JumpIfEqual = 0x15, JumpIfGreater = 0x25, JumpIfNotLess = 0x35, Return = 0x06, ReturnA = 0x16;
    private const ushort CopyAToX = 0x07, CopyXToA = 0x87;
    private const uint SumCell = 0, ByteCell = 1, PositionCell = 2;

    private readonly List<FilterInstruction> _program = [];

    private SteeringProgram(FieldSteering steering, int sockets, int searchBytes)
    {
        byte[] name = Encoding.ASCII.GetBytes(steering.FieldName.ToLowerInvariant() + ":");
        WriteSearch(name, searchBytes);
        WriteCheck(name);
        WriteSum(steering, name.Length);
        Write(LoadMemory, SumCell);
        foreach ((int shift, uint factor) in FieldSteering.Mixing)
        {
            Write(CopyAToX);
            Write(ShiftRight, (uint)shift);
            Write(XorX);
            Write(Multiply, factor);
        }

        Write(Modulo, (uint)sockets);
        Write(ReturnA);
    }

    /// <summary>Has the kernel steer what comes to the sockets that share the port of one.</summary>
    /// <returns>False when it cannot.</returns>
    public static unsafe bool TryAttach(int fd, FieldSteering steering, int sockets)
    {
        foreach (int searchBytes in SearchBytes)
        {
            FilterInstruction[] instructions = [.. new SteeringProgram(steering, sockets, searchBytes)._program];
            fixed (FilterInstruction* first = instructions)
            {
                var program = new FilterProgram { Length = (ushort)instructions.Length, Instructions = first };
                if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, (uint)sizeof(FilterProgram)) == 0) return true;
            }

            if (Error != ENOMEM) return false;
        }

        return false;
    }

    /// <summary>Goes on behind it with X one less than where the field may begin.</summary>
    private void WriteSearch(ReadOnlySpan<byte> name, int searchBytes)
    {
        List<int> toCheck = [];
        for (int offset = FirstOffset; offset < searchBytes; offset += WordsApart * WordBytes)
        {
            int end = Math.Min(searchBytes, offset + (WordsApart * WordBytes));
            Write(LoadLength);
            Write(JumpIfNotLess, (uint)end, ifTrue: 1);
            Write(Return, NoSocket);
            List<int>[] found = [[], [], [], []];
            for (int position = offset; position < end; position += WordBytes)
            {
                Write(SetX, (uint)(position - WordBytes - 1));
                Write(LoadWord, (uint)position);
                Write(Or, LowerCase);
                for (int part = 1; part <= WordBytes; part++)
                {
                    found[part - 1].Add(_program.Count);
                    Write(JumpIfEqual, BinaryPrimitives.ReadUInt32BigEndian(name[part..]) | LowerCase);
                }
            }

            int skip = Write(Jump);
            for (int part = 1; part <= WordBytes; part++)
            {
                foreach (int jump in found[part - 1]) _program[jump] = _program[jump] with { IfTrue = checked((byte)(_program.Count - jump - 1)) };
                Write(CopyXToA);
                Write(AddConstant, (uint)(WordBytes - part));
                Write(CopyAToX);
                toCheck.Add(Write(Jump));
            }

            EndJump(skip);
        }

        Write(Return, NoSocket);
        foreach (int jump in toCheck) EndJump(jump);
    }

    private void WriteCheck(ReadOnlySpan<byte> name)
    {
        Write(LoadByteAtX, 0);
        GoOnIf((byte)'\n');
        for (int i = 0; i < name.Length; i += WordBytes)
        {
            int at = Math.Min(i, name.Length - WordBytes);
            Write(LoadWordAtX, (uint)(1 + at));
            Write(Or, LowerCase);
            GoOnIf(BinaryPrimitives.ReadUInt32BigEndian(name[at..]) | LowerCase);
        }
    }

    private void WriteSum(FieldSteering steering, int nameLength)
    {
        // The value begins behind the colon, or behind the space that is commonly there.
        Write(CopyXToA);
        Write(AddConstant, (uint)(1 + nameLength));
        Write(CopyAToX);
        Write(LoadByteAtX, 0);
        Write(JumpIfEqual, ' ', ifFalse: 3);
        Write(CopyXToA);
        Write(AddConstant, 1);
        Write(CopyAToX);
        Write(StoreX, PositionCell);
        Write(0x00, steering.Start);        // BPF_LD | BPF_IMM
        Write(Store, SumCell);
        List<int> ends = [];
        for (int i = 0; i < FieldSteering.MaxValueBytes; i++)
        {
            Write(LoadByteAtX, (uint)i);
            Write(JumpIfGreater, ' ', ifTrue: 1);
            ends.Add(Write(Jump));
            Write(Store, ByteCell);
            Write(LoadMemory, SumCell);
            Write(Multiply, steering.Factor);
            Write(LoadXMemory, ByteCell);
            Write(AddX);
            Write(Store, SumCell);
            Write(LoadXMemory, PositionCell);
        }

        foreach (int jump in ends) EndJump(jump);
    }

    private void GoOnIf(uint value)
    {
        Write(JumpIfEqual, value, ifTrue: 1);
        Write(Return, NoSocket);
    }

    private int Write(ushort code, uint operand = 0, byte ifTrue = 0, byte ifFalse = 0)
    {
        _program.Add(new FilterInstruction(code, ifTrue, ifFalse, operand));
        return _program.Count - 1;
    }

    /// <summary>Has a jump end at what is written next.</summary>
    private void EndJump(int jump) => _program[jump] = _program[jump] with { Operand = (uint)(_program.Count - jump - 1) };
}
