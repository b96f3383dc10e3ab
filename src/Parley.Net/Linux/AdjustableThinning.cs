using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Parley.Net.Linux;

/// <summary>
/// The packet filter that does what <see cref="ThinningProgram"/> does, and reads how many it keeps, and of which turn, from a map:
/// another share is a word to write, not a program to compile.
/// </summary>
/// <remarks>
/// <code>
/// start     the first four bytes        others than the ones given: keep
/// marks     at each place               the mark twice: keep
/// field     "\ncall-id" at each place   in any letters; not there, or no ":" behind it: keep
/// sum       sum * factor + byte, up to the first byte that is a space or a control character; mixed
/// choose    sum % 4096 >= kept: drop
/// </code>
/// <para>
/// The kernel copies what is searched into a buffer of the processor that runs it, and proves before it takes the program that each loop ends and each access
/// is inside. It follows every path for that, a loop's turns one by one, and what it knows of a number makes paths that differ. So the ends that are compared
/// with in each turn, and where the field was found, are read from the buffer, whose contents it takes for anything: the paths meet again.
/// That, and little to do behind a jump out of a loop, is what keeps the proof short. Loops: Linux 5.3.
/// </para>
/// </remarks>
internal sealed class AdjustableThinning : IDisposable
{
    private const int HeaderBytes = 8;              // of UDP, which the program sees too
    private const int FirstOffset = HeaderBytes + 24;
    private const int MarkSearchBytes = 384;
    private const int SearchBytes = HeaderBytes + DatagramThinning.SearchBytes;
    private const int CopiedBytes = SearchBytes + (2 * FieldSteering.MaxValueBytes) + 8;       // with the longest name and value at its end
    private const int MarksEndCell = 1008, FieldEndCell = 1012, PlaceCell = 1016, LengthCell = 1020, BufferBytes = 1024;
    private const int StartCell = 0, FactorCell = 4, KeptCell = 8, NumbersBytes = 16;
    private const int MapLookup = 1, LoadBytes = 26;     // enum bpf_func_id
    private const int WordBytes = sizeof(uint), LongBytes = sizeof(ulong);
    private const int Context = 6, Wanted = 6, Buffer = 7, Numbers = 8, Letters = 9, StackEnd = 10;
    private const ulong LowerCase = 0x2020_2020_2020_2020;

    private readonly DatagramThinning _first;
    private readonly SafeFileHandle _numbers, _program;

    private AdjustableThinning(DatagramThinning thinning, SafeFileHandle numbers, SafeFileHandle program)
    {
        (_first, _numbers, _program) = (thinning, numbers, program);
    }

    /// <summary>Loads a program.</summary>
    /// <returns>Null when this process may not, or the kernel is too old.</returns>
    public static AdjustableThinning? TryLoad(DatagramThinning thinning)
    {
        SafeFileHandle? numbers = Bpf.TryCreateMap(BpfMapKind.Array, NumbersBytes);
        using SafeFileHandle? buffer = Bpf.TryCreateMap(BpfMapKind.PerProcessorArray, BufferBytes);
        SafeFileHandle? program = numbers is null || buffer is null ? null : Bpf.TryLoad(Write(thinning, numbers, buffer));
        if (program is not null) return new AdjustableThinning(thinning, numbers!, program);
        numbers?.Dispose();
        return null;
    }

    /// <summary>True when only the numbers differ from those it was loaded for.</summary>
    public bool Fits(DatagramThinning thinning) =>
        thinning.Field.FieldName == _first.Field.FieldName && thinning.Mark == _first.Mark && thinning.Starts.SequenceEqual(_first.Starts);

    /// <summary>Says which are kept from now on.</summary>
    public bool TryAdjust(DatagramThinning thinning)
    {
        Span<byte> numbers = stackalloc byte[NumbersBytes];
        numbers.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[StartCell..], thinning.Field.Start);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[FactorCell..], thinning.Field.Factor);
        BinaryPrimitives.WriteInt32LittleEndian(numbers[KeptCell..], thinning.Kept);
        return Bpf.TryUpdate(_numbers, numbers);
    }

    /// <summary>Puts it before a socket's queue.</summary>
    public bool TryAttach(int fd) => Bpf.TryAttach(fd, _program);

    /// <summary>Gives it up; a socket that has it keeps it.</summary>
    public void Dispose()
    {
        _numbers.Dispose();
        _program.Dispose();
    }

    private static ulong[] Write(DatagramThinning thinning, SafeFileHandle numbers, SafeFileHandle buffer)
    {
        var code = new BpfCode();
        (BpfLabel keep, BpfLabel search, BpfLabel field) = (new(), new(), new());
        byte[] name = Encoding.ASCII.GetBytes("\n" + thinning.Field.FieldName.ToLowerInvariant() + ":");
        WriteBeginning(code, numbers, buffer, (thinning.Mark.Length, name.Length + 1), keep);
        code.Load(BpfCode.Word, 1, Buffer, HeaderBytes);
        foreach (string start in thinning.Starts) code.JumpIf32(BpfCode.Equal, 1, WordOf(start, 0), search);
        code.Jump(keep);
        code.Mark(search);
        WriteMarks(code, thinning.Mark, keep, field);
        code.Mark(field);
        WriteField(code, name, keep);
        WriteSum(code, keep);
        code.Do32(BpfCode.And, 0, DatagramThinning.Parts - 1);
        code.Load(BpfCode.Word, 1, Numbers, KeptCell);
        code.JumpIfRegister(BpfCode.Less, 0, 1, keep);
        code.Do32(BpfCode.Move, 0, 0);
        code.Exit();
        code.Mark(keep);
        code.Do32(BpfCode.Move, 0, -1);
        code.Exit();
        return code.ToArray();
    }

    /// <summary>Finds both maps, copies the datagram's beginning into the buffer, and writes behind it how long that is and where a mark and the field begin at most.</summary>
    private static void WriteBeginning(BpfCode code, SafeFileHandle numbers, SafeFileHandle buffer, (int Mark, int Field) least, BpfLabel keep)
    {
        BpfLabel isShort = new();
        code.DoFrom(BpfCode.Move, Context, 1);
        code.StoreWord(StackEnd, -WordBytes, 0);
        foreach ((SafeFileHandle map, int register) in new[] { (numbers, Numbers), (buffer, Buffer) })
        {
            code.LoadMap(1, map);
            code.DoFrom(BpfCode.Move, 2, StackEnd);
            code.Do(BpfCode.Add, 2, -WordBytes);
            code.Call(MapLookup);
            code.JumpIf(BpfCode.Equal, 0, 0, keep);
            code.DoFrom(BpfCode.Move, register, 0);
        }

        code.Load(BpfCode.Word, 4, Context, 0);            // struct __sk_buff: len is first
        code.JumpIf(BpfCode.Less, 4, FirstOffset + Math.Max(least.Mark, least.Field), keep);
        code.JumpIf(BpfCode.Less, 4, CopiedBytes, isShort);
        code.Do(BpfCode.Move, 4, CopiedBytes);
        code.Mark(isShort);
        foreach ((short cell, int bytes) in new[] { ((short)LengthCell, 0), ((short)MarksEndCell, least.Mark), ((short)FieldEndCell, least.Field) })
        {
            code.DoFrom(BpfCode.Move, 1, 4);
            code.Do(BpfCode.Subtract, 1, bytes);
            code.Store(Buffer, cell, 1);
        }

        code.DoFrom(BpfCode.Move, 1, Context);
        code.Do(BpfCode.Move, 2, 0);
        code.DoFrom(BpfCode.Move, 3, Buffer);
        code.Call(LoadBytes);
        code.JumpIf(BpfCode.NotEqual, 0, 0, keep);
    }

    /// <summary>Keeps what has the mark twice. R2 is the place, R5 its address, R3 how many were found.</summary>
    private static void WriteMarks(BpfCode code, string mark, BpfLabel keep, BpfLabel field)
    {
        (BpfLabel look, BpfLabel next, BpfLabel mayBe) = (new(), new(), new());
        code.Do(BpfCode.Move, 3, 0);
        WriteFirstPlace(code);
        code.Mark(look);
        code.Load(BpfCode.Word, 1, Buffer, MarksEndCell);
        code.JumpIfRegister(BpfCode.Greater, 2, 1, field);
        code.Load(BpfCode.Word, 1, 5, 0);
        code.JumpIf32(BpfCode.Equal, 1, WordOf(mark, 0), mayBe);
        code.Mark(next);
        code.Do(BpfCode.Add, 5, 1);
        code.Do(BpfCode.Add, 2, 1);
        code.JumpIf(BpfCode.Less, 2, MarkSearchBytes, look);
        code.Jump(field);
        code.Mark(mayBe);
        code.Load(BpfCode.Word, 1, 5, (short)(mark.Length - WordBytes));
        code.JumpIf32(BpfCode.NotEqual, 1, WordOf(mark, mark.Length - WordBytes), next);
        code.Do(BpfCode.Add, 3, 1);
        code.JumpIf(BpfCode.Equal, 3, 2, keep);
        code.Jump(next);
    }

    /// <summary>Goes on with R5 where the field's value begins, and R4 the bytes from there on; where there is none, it keeps.</summary>
    private static void WriteField(BpfCode code, ReadOnlySpan<byte> name, BpfLabel keep)
    {
        (BpfLabel look, BpfLabel mayBe, BpfLabel isValue) = (new(), new(), new());
        code.LoadConstant(Letters, LowerCase);
        code.LoadConstant(Wanted, BinaryPrimitives.ReadUInt64LittleEndian(name) | LowerCase);
        WriteFirstPlace(code);
        code.Mark(look);
        code.Load(BpfCode.Word, 1, Buffer, FieldEndCell);
        code.JumpIfRegister(BpfCode.Greater, 2, 1, keep);
        code.Load(BpfCode.Long, 1, 5, 0);
        code.DoFrom(BpfCode.Or, 1, Letters);
        code.JumpIfRegister(BpfCode.Equal, 1, Wanted, mayBe);
        code.Do(BpfCode.Add, 5, 1);
        code.Do(BpfCode.Add, 2, 1);
        code.JumpIf(BpfCode.Less, 2, SearchBytes, look);
        code.Jump(keep);
        code.Mark(mayBe);
        code.Store(Buffer, PlaceCell, 2);
        code.Load(BpfCode.Word, 2, Buffer, PlaceCell);
        code.JumpIf(BpfCode.Greater, 2, SearchBytes, keep);
        code.DoFrom(BpfCode.Move, 5, Buffer);
        code.DoFrom(BpfCode.Add, 5, 2);
        code.Load(BpfCode.Byte, 1, 5, 0);
        code.JumpIf(BpfCode.NotEqual, 1, '\n', keep);
        for (int i = LongBytes; i < name.Length; i += LongBytes)
        {
            int at = Math.Min(i, name.Length - LongBytes);
            code.Load(BpfCode.Long, 1, 5, (short)at);
            code.DoFrom(BpfCode.Or, 1, Letters);
            code.LoadConstant(3, BinaryPrimitives.ReadUInt64LittleEndian(name[at..]) | LowerCase);
            code.JumpIfRegister(BpfCode.NotEqual, 1, 3, keep);
        }

        code.Load(BpfCode.Word, 4, Buffer, LengthCell);
        code.DoFrom(BpfCode.Subtract, 4, 2);
        code.Do(BpfCode.Add, 5, name.Length);
        code.Do(BpfCode.Subtract, 4, name.Length);
        code.Load(BpfCode.Byte, 1, 5, 0);
        code.JumpIf(BpfCode.NotEqual, 1, ' ', isValue);
        code.Do(BpfCode.Add, 5, 1);
        code.Do(BpfCode.Subtract, 4, 1);
        code.Mark(isValue);
    }

    private static void WriteFirstPlace(BpfCode code)
    {
        code.Do(BpfCode.Move, 2, FirstOffset);
        code.DoFrom(BpfCode.Move, 5, Buffer);
        code.Do(BpfCode.Add, 5, FirstOffset);
    }

    /// <summary>Goes on with what <see cref="FieldSteering"/> makes of the value in R0; keeps where the datagram ends before it.</summary>
    private static void WriteSum(BpfCode code, BpfLabel keep)
    {
        (BpfLabel look, BpfLabel end) = (new(), new());
        code.Load(BpfCode.Word, 0, Numbers, StartCell);
        code.Load(BpfCode.Word, 2, Numbers, FactorCell);
        code.Do(BpfCode.Move, 3, 0);
        code.Mark(look);
        code.JumpIfRegister(BpfCode.NotLess, 3, 4, keep);
        code.Load(BpfCode.Byte, 1, 5, 0);
        code.JumpIf(BpfCode.Less, 1, ' ' + 1, end);
        code.Do32From(BpfCode.Multiply, 0, 2);
        code.Do32From(BpfCode.Add, 0, 1);
        code.Do(BpfCode.Add, 5, 1);
        code.Do(BpfCode.Add, 3, 1);
        code.JumpIf(BpfCode.Less, 3, FieldSteering.MaxValueBytes, look);
        code.Mark(end);
        foreach ((int shift, uint factor) in FieldSteering.Mixing)
        {
            code.Do32From(BpfCode.Move, 1, 0);
            code.Do32(BpfCode.ShiftRight, 1, shift);
            code.Do32From(BpfCode.Xor, 0, 1);
            code.Do32(BpfCode.Multiply, 0, (int)factor);
        }
    }

    private static uint WordOf(string text, int start) => MemoryMarshal.Read<uint>(Encoding.ASCII.GetBytes(text[start..(start + WordBytes)]));
}
