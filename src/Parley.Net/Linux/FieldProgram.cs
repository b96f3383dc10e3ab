using System.Buffers.Binary;
using System.Text;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>Writes a packet filter that looks for a header field and computes from its value what <see cref="FieldSteering"/> does.</summary>
/// <remarks>
/// <code>
/// search    for k = 24, 28, ..          four bytes at a time, in lower case: one of four parts of "call-id:" is there wherever it begins
/// check     "\n", "call-id", ":"        all of it, and at the beginning of a line
/// sum       for i = 0 .. 63             sum = sum * factor + byte, up to the first byte that is a space or a control character
/// mix       so that each bit counts
/// </code>
/// The machine has no way back, so both loops are written out. The kernel compiles the program. It may have less room for it than
/// this asks for: then a shorter part of the datagrams is searched. Unsafe where the system reads the program by its address.
/// Source: linux/filter.h, socket(7) SO_ATTACH_FILTER.
/// </remarks>
internal abstract class FieldProgram
{
    /// <summary>What the program returns when the field is not found.</summary>
    protected const uint NotFound = uint.MaxValue;


    private const int FirstOffset = 24;         // no start line and Via are shorter
    protected const int WordBytes = sizeof(uint);
    private const int WordsApart = 8;           // between looks at the length; few enough for a conditional jump to get over
    private const uint LowerCase = 0x2020_2020;
    private static readonly int[] SearchBytes = [1024, 512, 256];

    // Instructions, as linux/bpf_common.h has them.
    protected const ushort LoadWord = 0x20, LoadLength = 0x80, And = 0x54, Modulo = 0x94;
    protected const ushort Jump = 0x05, JumpIfEqual = 0x15, JumpIfNotLess = 0x35, Return = 0x06, ReturnA = 0x16;
    private const ushort LoadWordAtX = 0x40, LoadByteAtX = 0x50, Or = 0x44;
    private const ushort LoadMemory = 0x60, SetX = 0x01, LoadXMemory = 0x61, Store = 0x02, StoreX = 0x03;
    private const ushort AddConstant = 0x04, AddX = 0x0c, Multiply = 0x24, XorX = 0xac, ShiftRight = 0x74, JumpIfGreater = 0x25;
    private const ushort CopyAToX = 0x07, CopyXToA = 0x87;
    private const uint SumCell = 0, ByteCell = 1, PositionCell = 2;

    private readonly List<FilterInstruction> _program = [];

    /// <summary>Attaches the longest program that the kernel has room for.</summary>
    /// <param name="fd">The socket.</param>
    /// <param name="option">Of <c>SOL_SOCKET</c>: what the program is for.</param>
    /// <param name="make">Writes a program that searches so many bytes for the field.</param>
    /// <returns>False when the kernel takes none.</returns>
    protected static unsafe bool TryAttach(int fd, int option, Func<int, FieldProgram> make)
    {
        foreach (int searchBytes in SearchBytes)
        {
            FilterInstruction[] instructions = [.. make(searchBytes)._program];
            fixed (FilterInstruction* first = instructions)
            {
                var program = new FilterProgram { Length = (ushort)instructions.Length, Instructions = first };
                if (setsockopt(fd, SOL_SOCKET, option, &program, (uint)sizeof(FilterProgram)) == 0) return true;
            }

            if (Error != ENOMEM) return false;
        }

        return false;
    }

    /// <summary>Goes on behind it with the mixed sum of the field's value in A.</summary>
    protected void WriteSumOfField(FieldSteering steering, int searchBytes)
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
            Write(Return, NotFound);
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

        Write(Return, NotFound);
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
        Write(Return, NotFound);
    }

    protected int Write(ushort code, uint operand = 0, byte ifTrue = 0, byte ifFalse = 0)
    {
        _program.Add(new FilterInstruction(code, ifTrue, ifFalse, operand));
        return _program.Count - 1;
    }

    /// <summary>Has a jump end at what is written next.</summary>
    protected void EndJump(int jump) => _program[jump] = _program[jump] with { Operand = (uint)(_program.Count - jump - 1) };
}
